//! [`ProcessBuilder`]: from arguments and options to a built process.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value;

use super::draft::{Draft, check_queue};
use super::error::BuildError;
use crate::definition::ProcessDefinition;
use crate::definition::erased::Definition;
use crate::definition::process::Process;
use crate::definition::registry::Registry;
use crate::definition::schedule::{Schedule, Start};
use crate::words::arguments::{ArgumentSet, Arguments};
use crate::words::name::{check_identifier, random_identifier};
use crate::words::policy::Policy;

/// A process that is about to be built: its arguments, and what else there is to say about it.
///
/// Made by the `process` function that `#[process]` generates:
///
/// ```
/// use tasktronaut::prelude::*;
///
/// #[derive(Default)]
/// struct Album;
///
/// #[process]
/// impl Album {
///     fn define_process(title: String) {
///         process! { seq { create; if option(notify = true) { announce; } } }
///     }
///
///     #[task]
///     fn create(&self, title: String) {}
///
///     #[task]
///     fn announce(&self, title: String) {}
/// }
///
/// let process = Album::process(AlbumArgs { title: "Summer".into() })
///     .identifier("album-17")
///     .option("notify", false)
///     .build()?;
/// assert_eq!(process.identifier(), "album-17");
/// assert_eq!(process.tasks().count(), 1);
/// # Ok::<(), BuildError>(())
/// ```
#[must_use = "a process does nothing until it is built and then run or enqueued"]
pub struct ProcessBuilder<D: ProcessDefinition> {
    arguments: D::Arguments,
    identifier: Option<String>,
    options: HashMap<String, Value>,
    registry: Registry,
    policy: Policy,
    wishes: Wishes,
    error: Option<BuildError>,
}

impl<D: ProcessDefinition> ProcessBuilder<D> {
    /// A process with these arguments.
    pub fn new(arguments: D::Arguments) -> Self {
        Self {
            arguments,
            identifier: None,
            options: HashMap::new(),
            registry: Registry::new(),
            policy: Policy::new(),
            wishes: Wishes::default(),
            error: None,
        }
    }

    /// The identifier, by which the process is known everywhere and enqueued only once (`R2`); at most 200 bytes.
    /// Without one, or with an empty one, 32 random hexadecimal digits are taken.
    pub fn identifier(mut self, identifier: impl Into<String>) -> Self {
        self.identifier = Some(identifier.into()).filter(|identifier| !identifier.is_empty());
        self
    }

    /// Sets an option that `if option(..)` and [`Builder::option`](crate::Builder::option) ask for.
    pub fn option(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::to_value(value) {
            Ok(value) => {
                self.options.insert(name, value);
            }
            Err(source) => self.error = self.error.or(Some(BuildError::Option { option: name, source })),
        }
        self
    }

    /// Sets many options.
    pub fn options(mut self, options: impl IntoIterator<Item = (String, Value)>) -> Self {
        self.options.extend(options);
        self
    }

    /// Where the instances of definitions come from that cannot be made from nothing.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.registry = registry.clone();
        self
    }

    /// What this process asks for in place of its definition's own policy.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The queue for the jobs of this process, in place of its definition's. Tasks and sub-processes that name a
    /// queue of their own keep it.
    pub fn queue(mut self, queue: impl Into<String>) -> Self {
        self.wishes.queue = Some(queue.into());
        self
    }

    /// How much this process matters, in place of what its definition says: jobs of a higher priority go first
    /// (`R6`). The default is 0.
    pub fn priority(mut self, priority: i16) -> Self {
        self.wishes.priority = Some(priority);
        self
    }

    /// Lets nothing of the process begin, `on_started` included, until so much time has passed since it was enqueued.
    pub fn start_after(mut self, delay: Duration) -> Self {
        self.wishes.start = Some(Start::After(delay));
        self
    }

    /// Lets nothing of the process begin, `on_started` included, before this time. The last of `start_after` and
    /// `start_at` counts.
    pub fn start_at(mut self, time: SystemTime) -> Self {
        self.wishes.start = Some(Start::At(time));
        self
    }

    /// Draws the graph and checks the arguments of every step.
    pub fn build(self) -> Result<Process, BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let definition = match self.registry.instance_of::<D>() {
            Some(definition) => definition,
            None => D::instance().map(Definition::new).ok_or_else(BuildError::no_instance::<D>)?,
        };
        let given = Given { identifier: self.identifier, options: self.options, registry: self.registry };
        given.build(&definition, self.policy, self.wishes, &self.arguments)
    }
}

/// What is asked for of this process alone; what is left open is the definition's to say.
#[derive(Default)]
struct Wishes {
    queue: Option<String>,
    priority: Option<i16>,
    start: Option<Start>,
}

impl Wishes {
    fn of(self, definition: &Definition) -> Result<Schedule, BuildError> {
        check_queue(self.queue.as_deref(), || definition.name().to_owned())?;
        Ok(Schedule {
            queue: self.queue.as_deref().or(definition.queue()).map(Into::into),
            priority: self.priority.unwrap_or_else(|| definition.priority()),
            start: self.start,
        })
    }
}

/// What a process is built from, besides its definition and arguments.
struct Given {
    identifier: Option<String>,
    options: HashMap<String, Value>,
    registry: Registry,
}

impl Given {
    fn build<A: ArgumentSet>(
        self,
        definition: &Definition,
        policy: Policy,
        wishes: Wishes,
        arguments: &A,
    ) -> Result<Process, BuildError> {
        if let Some(identifier) = &self.identifier {
            check_identifier(identifier)?;
        }
        let schedule = wishes.of(definition)?;
        let mut draft = Draft::new(self.options, self.registry);
        draft.start(definition, |encoder| arguments.encode(encoder));
        let tables = draft.process(definition, None).finish()?;
        let identifier = self.identifier.unwrap_or_else(random_identifier);
        Ok(Process::new(identifier, tables, policy.or(definition.policy()), schedule))
    }
}

impl Definition {
    /// Builds a process of this definition from arguments that are only known as data.
    ///
    /// ```
    /// use tasktronaut::{Definition, arguments};
    /// # use tasktronaut::prelude::*;
    /// # #[derive(Default)]
    /// # struct Album;
    /// # #[process]
    /// # impl Album {
    /// #     fn define_process(title: String) { process! { seq { create; } } }
    /// #     #[task]
    /// #     fn create(&self, title: String) {}
    /// # }
    ///
    /// let definition = Definition::new(Album);
    /// let process = definition.build(&arguments! { title: "Summer" }, Some("album-17"), [], &Registry::new())?;
    /// assert_eq!(process.tasks().count(), 1);
    /// # Ok::<(), tasktronaut::BuildError>(())
    /// ```
    pub fn build(
        &self,
        arguments: &Arguments,
        identifier: Option<&str>,
        options: impl IntoIterator<Item = (String, Value)>,
        registry: &Registry,
    ) -> Result<Process, BuildError> {
        let given = Given {
            identifier: identifier.filter(|identifier| !identifier.is_empty()).map(str::to_owned),
            options: options.into_iter().collect(),
            registry: registry.clone(),
        };
        given.build(self, Policy::new(), Wishes::default(), arguments)
    }
}
