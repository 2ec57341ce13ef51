//! Names and scopes: whatever can be known without types is known behind this door.

mod definition;
mod resolve;
mod scope;
mod unknown;

use proc_macro2::TokenStream;

use crate::collect;
use crate::model::Process;
use crate::parse::attribute;
use crate::parse::item::Item;
use crate::report::Report;
use crate::words;

/// Understands an impl block. When it cannot be a process at all, the block is given back.
pub(crate) fn process(attribute: TokenStream, item: Item, report: &mut Report) -> Result<Process, Box<Item>> {
    let options = attribute::options("process", words::PROCESS, attribute, report);
    let Some(name) = collect::type_name(&item, report) else { return Err(Box::new(item)) };
    let methods = collect::methods(&item, report);
    let Some(definition) = definition::read(&item, &name, &methods, report) else {
        return Err(Box::new(item));
    };
    Ok(Process {
        runtime: collect::runtime(&options),
        conditions: collect::conditions(&item.attributes),
        item,
        options,
        name,
        tasks: methods.tasks,
        sources: methods.sources,
        hooks: methods.hooks,
        definition,
    })
}
