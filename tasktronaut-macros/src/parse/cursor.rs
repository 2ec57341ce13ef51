//! A walk over words that never gets stuck.

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};
use syn::LitStr;

/// What is left to read.
pub(crate) struct Cursor {
    /// In reverse order: the next one is the last.
    rest: Vec<TokenTree>,
}

impl Cursor {
    pub(crate) fn new(stream: TokenStream) -> Self {
        let mut rest = Vec::new();
        flatten(stream, &mut rest);
        rest.reverse();
        Self { rest }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn next(&mut self) -> Option<TokenTree> {
        self.rest.pop()
    }

    pub(crate) fn peek(&self) -> Option<&TokenTree> {
        self.rest.last()
    }

    /// What is left, in its order.
    pub(crate) fn ahead(&self) -> impl Iterator<Item = &TokenTree> {
        self.rest.iter().rev()
    }

    pub(crate) fn second(&self) -> Option<&TokenTree> {
        self.rest.len().checked_sub(2).and_then(|index| self.rest.get(index))
    }

    pub(crate) fn peek_ident(&self) -> Option<&Ident> {
        match self.peek() {
            Some(TokenTree::Ident(ident)) => Some(ident),
            _ => None,
        }
    }

    /// The next is this word.
    pub(crate) fn peek_word(&self, word: &str) -> bool {
        self.peek_ident().is_some_and(|ident| ident == word)
    }

    pub(crate) fn peek_punct(&self, character: char) -> bool {
        matches!(self.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == character)
    }

    pub(crate) fn peek_group(&self, delimiter: Delimiter) -> Option<&Group> {
        match self.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
            _ => None,
        }
    }

    pub(crate) fn ident(&mut self) -> Option<Ident> {
        let ident = self.peek_ident().cloned()?;
        self.rest.pop();
        Some(ident)
    }

    pub(crate) fn punct(&mut self, character: char) -> bool {
        let found = self.peek_punct(character);
        if found {
            self.rest.pop();
        }
        found
    }

    pub(crate) fn group(&mut self, delimiter: Delimiter) -> Option<Group> {
        let group = self.peek_group(delimiter).cloned()?;
        self.rest.pop();
        Some(group)
    }

    pub(crate) fn literal(&mut self) -> Option<Literal> {
        let Some(TokenTree::Literal(literal)) = self.peek() else { return None };
        let literal = literal.clone();
        self.rest.pop();
        Some(literal)
    }

    pub(crate) fn peek_string(&self) -> Option<LitStr> {
        syn::parse2(self.peek().cloned()?.into()).ok()
    }

    pub(crate) fn string(&mut self) -> Option<LitStr> {
        let string = self.peek_string()?;
        self.rest.pop();
        Some(string)
    }

    /// The first of what is left that is one of these.
    pub(crate) fn find(&self, wanted: impl Fn(&TokenTree) -> bool) -> Option<&TokenTree> {
        self.ahead().find(|tree| wanted(tree))
    }

    /// Everything before the next of these, or before the end.
    pub(crate) fn until(&mut self, stop: impl Fn(&TokenTree) -> bool) -> Vec<TokenTree> {
        let mut taken = Vec::new();
        while let Some(tree) = self.rest.pop() {
            if stop(&tree) {
                self.rest.push(tree);
                break;
            }
            taken.push(tree);
        }
        taken
    }
}

/// What a `macro_rules!` hands over stands in invisible parentheses.
fn flatten(stream: TokenStream, into: &mut Vec<TokenTree>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => flatten(group.stream(), into),
            tree => into.push(tree),
        }
    }
}

pub(crate) fn is_punct(tree: &TokenTree, character: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == character)
}

pub(crate) fn is_group(tree: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == delimiter)
}
