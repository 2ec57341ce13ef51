//! [`Registry`]: the definitions that can be found by name.
//!
//! What comes out of a store names definitions and tasks, and is looked up here: data can name what is registered,
//! and nothing else.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use super::ProcessDefinition;
use super::build::{BuildError, check_definition, hint};
use super::erased::Definition;

/// Definitions by name. Cheap to clone.
///
/// Every `#[process]` in the linked program is found by [`Registry::linked`]; a definition that needs resources (a
/// pool of connections, say) has no `Default`, and is put in as an instance:
///
/// ```standalone_crate
/// use tasktronaut::prelude::*;
///
/// struct Mailing { server: String }
///
/// #[process(name = "mailing")]
/// impl Mailing {
///     fn define_process(to: String) { process! { seq { send; } } }
///
///     #[task]
///     fn send(&self, to: String) { println!("{to} by {}", self.server); }
/// }
///
/// let missing = Registry::linked()?.check().unwrap_err();
/// assert!(missing.to_string().contains("mailing"));
///
/// let registry = Registry::linked()?.with(Mailing { server: "mx".into() })?;
/// assert_eq!(registry.load("mailing")?.tasks().next().map(|task| task.name()), Some("send"));
/// assert!(registry.check().is_ok());
/// # Ok::<(), RegistryError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry {
    entries: Arc<BTreeMap<String, Entry>>,
}

#[derive(Debug, Clone)]
enum Entry {
    /// With an instance; `linked` when it was made by itself, so that another may take its place.
    Present { definition: Definition, linked: bool },
    /// Linked into the program, but without an instance.
    Absent { type_name: &'static str },
}

/// What can be wrong with a registry, or with a name that is looked up in it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two definitions have the same name.
    #[error(
        "two definitions are called `{name}`; give one of them another name: `#[process(name = \"..\")]`"
    )]
    Duplicate {
        /// The name.
        name: String,
    },
    /// There is no definition in this module at all.
    #[error("no definition is registered in the module `{module}`; {hint}")]
    UnknownModule {
        /// The module.
        module: String,
        /// What there is instead.
        hint: String,
    },
    /// There is no definition of this name.
    #[error("no definition is registered as `{name}`; {hint}")]
    UnknownDefinition {
        /// The name.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// The definition needs resources, and no instance was registered.
    #[error("the definition `{name}` needs an instance: `Registry::linked()?.with({type_name} {{ .. }})?`")]
    NoInstance {
        /// The name.
        name: String,
        /// The type.
        type_name: String,
    },
    /// The definition itself is wrong.
    #[error(transparent)]
    Definition(Box<BuildError>),
}

/// What `#[process]` leaves in the program for [`Registry::linked`] to find.
#[derive(Debug)]
pub struct Linked {
    name: &'static str,
    type_name: fn() -> &'static str,
    make: fn() -> Option<Definition>,
}

impl Linked {
    /// An entry for the definition `D`.
    pub const fn new<D: ProcessDefinition>(name: &'static str) -> Self {
        Self { name, type_name: std::any::type_name::<D>, make: || D::instance().map(Definition::new) }
    }
}

impl From<BuildError> for RegistryError {
    fn from(error: BuildError) -> Self {
        Self::Definition(Box::new(error))
    }
}

inventory::collect!(Linked);

impl Registry {
    /// A registry without definitions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every `#[process]` of the linked program, those without an instance included.
    pub fn linked() -> Result<Self, RegistryError> {
        let mut entries = BTreeMap::new();
        for linked in inventory::iter::<Linked> {
            let entry = match (linked.make)() {
                Some(definition) => {
                    check_definition(&definition)?;
                    Entry::Present { definition, linked: true }
                }
                None => Entry::Absent { type_name: (linked.type_name)() },
            };
            if entries.insert(linked.name.to_owned(), entry).is_some() {
                return Err(RegistryError::Duplicate { name: linked.name.to_owned() });
            }
        }
        Ok(Self { entries: Arc::new(entries) })
    }

    /// Adds an instance of a definition.
    pub fn with<D: ProcessDefinition>(self, definition: D) -> Result<Self, RegistryError> {
        self.with_definition(Definition::new(definition))
    }

    /// Adds a definition. It takes the place of a linked one that has no instance, or of a linked instance of the
    /// same type; any other definition of the same name is refused.
    pub fn with_definition(mut self, definition: Definition) -> Result<Self, RegistryError> {
        check_definition(&definition)?;
        let name = definition.name().to_owned();
        let replaces = match self.entries.get(&name) {
            None | Some(Entry::Absent { .. }) => true,
            Some(Entry::Present { definition: known, linked }) => {
                *linked && known.instance_type() == definition.instance_type()
            }
        };
        if !replaces {
            return Err(RegistryError::Duplicate { name });
        }
        Arc::make_mut(&mut self.entries).insert(name, Entry::Present { definition, linked: false });
        Ok(self)
    }

    /// The definition of this name.
    pub fn load(&self, name: &str) -> Result<Definition, RegistryError> {
        match self.entries.get(name) {
            Some(Entry::Present { definition, .. }) => Ok(definition.clone()),
            Some(Entry::Absent { type_name }) => {
                Err(RegistryError::NoInstance { name: name.to_owned(), type_name: short(type_name) })
            }
            None => {
                let hint = hint(name, self.entries.keys().map(String::as_str));
                Err(RegistryError::UnknownDefinition { name: name.to_owned(), hint })
            }
        }
    }

    /// The definition of a type, by its module and its name: the original's `load_definition`.
    pub fn load_definition(&self, module: &str, name: &str) -> Result<Definition, RegistryError> {
        let prefix = format!("{module}::");
        let full = format!("{prefix}{name}");
        if !self.entries.contains_key(&full) && !self.entries.keys().any(|known| known.starts_with(&prefix)) {
            let modules =
                self.entries.keys().filter_map(|known| known.rsplit_once("::")).map(|(module, _)| module);
            let hint = hint(module, modules);
            return Err(RegistryError::UnknownModule { module: module.to_owned(), hint });
        }
        self.load(&full)
    }

    /// All definitions that have an instance, by name.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.entries.values().filter_map(|entry| match entry {
            Entry::Present { definition, .. } => Some(definition),
            Entry::Absent { .. } => None,
        })
    }

    /// Makes sure that every definition has its instance; a worker asks for this before it starts.
    pub fn check(&self) -> Result<(), RegistryError> {
        for (name, entry) in &*self.entries {
            if let Entry::Absent { type_name } = entry {
                return Err(RegistryError::NoInstance { name: name.clone(), type_name: short(type_name) });
            }
        }
        Ok(())
    }

    /// The definition that is a `D`.
    pub(crate) fn instance_of<D: ProcessDefinition>(&self) -> Option<Definition> {
        self.definitions().find(|definition| definition.instance_type() == TypeId::of::<D>()).cloned()
    }
}

fn short(type_name: &str) -> String {
    type_name.rsplit("::").next().unwrap_or(type_name).to_owned()
}
