//! Finds `process! { .. }` among other words.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};

use super::cursor::is_punct;

/// A call of `process!`.
pub(crate) struct Call {
    pub(crate) name: Ident,
    pub(crate) content: Group,
}

/// Replaces every `process! { .. }` in `body`, at any depth, by what `write` makes of it.
///
/// Groups without one stay as they are: a new group has forgotten where it opens and closes, and what the compiler
/// says of such words it would say again.
pub(crate) fn replace(body: TokenStream, write: &mut impl FnMut(Call) -> TokenStream) -> TokenStream {
    replaced(&body, write).unwrap_or(body)
}

/// Nothing where there is nothing to replace.
fn replaced(body: &TokenStream, write: &mut impl FnMut(Call) -> TokenStream) -> Option<TokenStream> {
    let mut trees: Vec<TokenTree> = body.clone().into_iter().collect();
    let mut output = TokenStream::new();
    let mut found = false;
    trees.reverse();
    while let Some(tree) = trees.pop() {
        if let Some(call) = begins(&tree, &trees) {
            trees.truncate(trees.len().saturating_sub(2));
            output.extend(write(call));
            found = true;
            continue;
        }
        let inner = match &tree {
            TokenTree::Group(group) => replaced(&group.stream(), write).map(|inner| (group, inner)),
            _ => None,
        };
        if let Some((group, inner)) = inner {
            let mut with = Group::new(group.delimiter(), inner);
            with.set_span(group.span());
            output.extend([TokenTree::Group(with)]);
            found = true;
        } else {
            output.extend([tree]);
        }
    }
    found.then_some(output)
}

/// The only thing in `body` is one `process! { .. }`.
pub(crate) fn single(body: &TokenStream) -> Option<Call> {
    let mut trees: Vec<TokenTree> = body.clone().into_iter().collect();
    trees.reverse();
    if trees.first().is_some_and(|last| is_punct(last, ';')) {
        trees.remove(0);
    }
    // `tasktronaut::process!`
    while let [.., TokenTree::Punct(_), TokenTree::Punct(_), TokenTree::Ident(_)] = trees.as_slice() {
        trees.truncate(trees.len() - 3);
    }
    let first = trees.pop()?;
    let call = begins(&first, &trees)?;
    (trees.len() == 2).then_some(call)
}

/// `rest` is in reverse order.
fn begins(tree: &TokenTree, rest: &[TokenTree]) -> Option<Call> {
    match (tree, rest) {
        (TokenTree::Ident(name), [.., TokenTree::Group(content), bang])
            if name == "process" && is_punct(bang, '!') =>
        {
            Some(Call { name: name.clone(), content: content.clone() })
        }
        _ => None,
    }
}
