//! Finds `process! { .. }` among other words.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};

use super::cursor::is_punct;

/// A call of `process!`.
pub(crate) struct Call {
    pub(crate) name: Ident,
    pub(crate) content: Group,
}

/// Replaces every `process! { .. }` in `body`, at any depth, by what `write` makes of it.
pub(crate) fn replace(body: TokenStream, write: &mut impl FnMut(Call) -> TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = body.into_iter().collect();
    let mut output = TokenStream::new();
    trees.reverse();
    while let Some(tree) = trees.pop() {
        if let Some(call) = begins(&tree, &trees) {
            trees.truncate(trees.len().saturating_sub(2));
            output.extend(write(call));
            continue;
        }
        match tree {
            TokenTree::Group(group) => {
                let mut replaced = Group::new(group.delimiter(), replace(group.stream(), write));
                replaced.set_span(group.span());
                output.extend([TokenTree::Group(replaced)]);
            }
            tree => output.extend([tree]),
        }
    }
    output
}

/// The only thing in `body` is one `process! { .. }`.
pub(crate) fn single(body: &TokenStream) -> Option<Call> {
    let mut trees: Vec<TokenTree> = body.clone().into_iter().collect();
    trees.reverse();
    if trees.first().is_some_and(|last| is_punct(last, ';')) {
        trees.remove(0);
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
