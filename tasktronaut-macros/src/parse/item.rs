//! The impl block: its header, and its methods with bodies that stay unread.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, FnArg, Generics, ImplItem, Meta, MetaList, Path, Signature, Token, Type, Visibility,
    parse_quote,
};

use super::cursor::{is_group, is_punct};

/// An impl block that carries `#[process]`.
pub(crate) struct Item {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) impl_word: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) for_trait: Option<(Option<Token![!]>, Path, Token![for])>,
    pub(crate) self_type: Type,
    pub(crate) braces: Group,
    pub(crate) inner_attributes: Vec<Attribute>,
    pub(crate) members: Vec<Member>,
}

pub(crate) enum Member {
    Method(Box<Method>),
    Other(TokenStream),
    /// Words that make up no member. The compiler has told that already, and the other members are understood.
    Unread(TokenStream),
}

/// A function of the impl block.
pub(crate) struct Method {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) modifier: Option<Ident>,
    pub(crate) signature: Signature,
    pub(crate) body: Option<Group>,
    /// What stands in place of a body.
    pub(crate) semicolon: Option<Token![;]>,
}

impl Parse for Item {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_word = input.parse()?;
        let has_generics = input.peek(Token![<]) && (input.peek2(syn::Lifetime) || !input.peek3(Token![as]));
        let mut generics: Generics = if has_generics { input.parse()? } else { Generics::default() };
        let negative: Option<Token![!]> = input.parse()?;
        let mut self_type: Type = input.parse()?;
        let mut for_trait = None;
        if input.peek(Token![for]) {
            let for_word = input.parse()?;
            if let Type::Path(path) = &self_type {
                for_trait = Some((negative, path.path.clone(), for_word));
            }
            self_type = input.parse()?;
        }
        // A type that a macro by example has handed on.
        while let Type::Group(group) = self_type {
            self_type = *group.elem;
        }
        generics.where_clause = input.parse()?;
        let braces: Group = braces(input)?;
        let (inner_attributes, members) = syn::parse::Parser::parse2(inside, braces.stream())?;
        Ok(Self {
            attributes,
            unsafety,
            impl_word,
            generics,
            for_trait,
            self_type,
            braces,
            inner_attributes,
            members,
        })
    }
}

impl Item {
    /// The members that make no sense.
    pub(crate) fn unread(&self) -> impl Iterator<Item = &TokenStream> {
        self.members.iter().filter_map(|member| match member {
            Member::Unread(words) => Some(words),
            _ => None,
        })
    }
}

/// `{ .. }`, also where a macro by example has handed it on as one piece.
fn braces(input: ParseStream) -> syn::Result<Group> {
    if let Ok(group) = input.parse() {
        return Ok(group);
    }
    let (content, span) = input.step(|cursor| match cursor.group(Delimiter::Brace) {
        Some((content, span, rest)) => Ok(((content.token_stream(), span), rest)),
        None => Err(cursor.error("expected curly braces")),
    })?;
    let mut group = Group::new(Delimiter::Brace, content);
    group.set_span(span.join());
    Ok(group)
}

fn inside(input: ParseStream) -> syn::Result<(Vec<Attribute>, Vec<Member>)> {
    let inner_attributes = input.call(Attribute::parse_inner)?;
    let mut members = Vec::new();
    while !input.is_empty() {
        let ahead = input.fork();
        members.push(match ahead.parse() {
            Ok(member) => {
                input.advance_to(&ahead);
                member
            }
            Err(_) => Member::Unread(unread(input)?),
        });
    }
    Ok((inner_attributes, members))
}

/// Everything to the end of the member, whatever it is.
fn unread(input: ParseStream) -> syn::Result<TokenStream> {
    let mut words = TokenStream::new();
    while !input.is_empty() {
        let tree: TokenTree = input.parse()?;
        let is_end = is_punct(&tree, ';') || is_group(&tree, Delimiter::Brace);
        words.extend([tree]);
        if is_end {
            break;
        }
    }
    Ok(words)
}

impl Parse for Member {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let ahead = input.fork();
        if Method::header(&ahead).is_ok() {
            return Method::parse(input).map(|method| Self::Method(Box::new(method)));
        }
        input.parse::<ImplItem>().map(|item| Self::Other(item.into_token_stream()))
    }
}

type Header = (Vec<Attribute>, Visibility, Option<Ident>, Signature);

impl Method {
    fn header(input: ParseStream) -> syn::Result<Header> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let modifier = match input.fork().parse::<Ident>() {
            Ok(word) if word == "default" => Some(input.parse::<Ident>()?),
            _ => None,
        };
        let signature = input.parse()?;
        Ok((attributes, visibility, modifier, signature))
    }

    fn parse(input: ParseStream) -> syn::Result<Self> {
        let (attributes, visibility, modifier, signature) = Self::header(input)?;
        let semicolon: Option<Token![;]> = input.parse()?;
        let body = if semicolon.is_some() { None } else { Some(braces(input)?) };
        Ok(Self { attributes, visibility, modifier, signature, body, semicolon })
    }

    /// The parameters besides `self`.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &syn::PatType> {
        self.signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        })
    }
}

/// What an attribute makes of a method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Task,
    Each,
    Transform,
}

impl Role {
    /// The role that this attribute gives.
    pub(crate) fn of(attribute: &Attribute) -> Option<Self> {
        // The crate may have another name, or stand behind another one.
        match attribute.path().segments.last()?.ident.to_string().as_str() {
            "task" => Some(Self::Task),
            "each" => Some(Self::Each),
            "transform" => Some(Self::Transform),
            _ => None,
        }
    }

    /// The role that this attribute would give under a condition, `#[cfg_attr(.., task)]`: it is not known here whether
    /// it does.
    pub(crate) fn conditional(attribute: &Attribute) -> Option<Self> {
        if !attribute.path().is_ident("cfg_attr") {
            return None;
        }
        let given =
            |list: &MetaList| list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok();
        let given = attribute.meta.require_list().ok().and_then(given)?;
        given.into_iter().skip(1).find_map(|meta| Self::of(&parse_quote!(#[#meta])))
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Each => "each",
            Self::Transform => "transform",
        }
    }
}
