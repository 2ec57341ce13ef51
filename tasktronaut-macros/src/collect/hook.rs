//! A lifecycle hook: known by its name, so its shape must be right.

use syn::{FnArg, ReturnType, Safety};

use super::callable::borrows_self;
use super::conditions;
use super::parameter::{ends_with, is_named};
use crate::model::Hook;
use crate::parse::item::Method;
use crate::report::Report;
use crate::words::{self, Shape};

/// The hook, unless its shape is wrong.
pub(super) fn read(method: &Method, word: &'static words::Hook, report: &mut Report) -> Option<Hook> {
    let signature = &method.signature;
    let plain = signature.constness.is_none()
        && signature.abi.is_none()
        && signature.variadic.is_none()
        && signature.generics.type_params().next().is_none()
        && signature.generics.const_params().next().is_none()
        && matches!(signature.safety, Safety::Default);
    let mut inputs = signature.inputs.iter();
    let shared = match inputs.next() {
        Some(FnArg::Receiver(receiver)) => borrows_self(receiver),
        _ => false,
    };
    let fits = |(shape, input): (&Shape, &FnArg)| match (shape, input) {
        (Shape::Reference(name), FnArg::Typed(typed)) => is_named(&typed.ty, name),
        (Shape::Value(name), FnArg::Typed(typed)) => ends_with(&typed.ty, name),
        _ => false,
    };
    let count = signature.inputs.len() == word.shape.len() + 1;
    let output = match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, output) => Some((**output).clone()),
    };
    let around = !word.around || (signature.asyncness.is_some() && output.is_some());
    if !(plain && shared && count && word.shape.iter().zip(inputs).all(fits) && around) {
        let help = format!("write `{} {{ .. }}`", word.signature);
        report.error(&signature.ident, format!("the hook `{}` has another shape", word.name), help);
        return None;
    }
    Some(Hook {
        word,
        name: signature.ident.clone(),
        is_async: signature.asyncness.is_some(),
        output,
        conditions: conditions(&method.attributes),
    })
}
