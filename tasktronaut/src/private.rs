//! What generated code uses, and nobody else. It may change in every release.

use core::marker::PhantomData;

pub use core::option::Option::{self, None, Some};
pub use core::result::Result::{self, Err, Ok};
pub use std::boxed::Box;
pub use std::string::String;

pub use inventory;
pub use serde::{Deserialize, Deserializer, Serialize, Serializer};
pub use tasktronaut_macros::__embedded as embedded;

pub use crate::definition::build::{BuildError, BuildResult, Builder, ProcessBuilder};
pub use crate::definition::call::Call;
pub use crate::definition::context::Context;
pub use crate::definition::hooks::{AroundFuture, HookFuture, HookResult, Hooks, Next};
pub use crate::definition::registry::Linked;
pub use crate::definition::source::{ItemSink, Source, SourceError, drive};
pub use crate::definition::task::{Task, TaskFuture, TaskResult, TaskReturn};
pub use crate::definition::{ExecutionMode, ProcessDefinition};
pub use crate::words::arguments::{
    Argument, ArgumentError, ArgumentSet, Arguments, ArgumentsRef, Encoder, List, Parameter,
};
pub use crate::words::error::{
    BoxError, CancelProcessError, NonRetryableProcessError, RetryAfter, TaskError,
};
pub use crate::words::policy::Policy;

pub use crate::{
    __hook_outcome as hook_outcome, __instance as instance, __outcome as outcome, __register as register,
    __stored as stored,
};

/// Sets an argument from a literal; what cannot be written becomes `null`.
pub fn set_argument<T: Serialize + ?Sized>(arguments: &mut Arguments, name: &str, value: &T) {
    // `r#type` is called `type`, as in a struct.
    let name = name.strip_prefix("r#").unwrap_or(name);
    if arguments.set(name, value).is_err() {
        let _ = arguments.set(name, &());
    }
}

/// Writes an argument struct as serde would write the struct that the user sees.
pub fn serialize_arguments<A: ArgumentSet, S: Serializer>(set: &A, serializer: S) -> Result<S::Ok, S::Error> {
    crate::words::arguments::serialize_set(set, serializer)
}

/// Reads an argument struct.
pub fn deserialize_arguments<'de, A: ArgumentSet, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<A, D::Error> {
    crate::words::arguments::deserialize_set(deserializer)
}

/// Adds the steps of a process, some of whose arguments have defaults: where it is embedded they may be absent.
pub fn with_defaults<D: ProcessDefinition>(
    builder: &mut Builder<D>,
    fill: fn(&mut Arguments),
    mut steps: impl FnMut(&mut Builder<D>),
) {
    let mut arguments = builder.arguments();
    let given = arguments.len();
    fill(&mut arguments);
    if arguments.len() == given {
        steps(builder);
    } else {
        builder.transform(arguments, steps);
    }
}

/// The definition of an attempt. A function with this bound, so that a type that cannot be shared is told once.
pub fn definition<D: ProcessDefinition>(call: &Call<D>) -> &D {
    call.definition()
}

/// The context of an attempt.
pub fn context<D: ProcessDefinition>(call: &Call<D>) -> &Context {
    call.context()
}

/// The arguments of an attempt.
pub fn decode<D: ProcessDefinition, A: ArgumentSet>(call: &Call<D>) -> Result<A, TaskError> {
    call.decode()
}

/// What a hand-written `define_process` returned, as a result.
pub fn defined(result: impl BuildResult) -> Result<(), BuildError> {
    result.into_result()
}

/// Looks into errors that hide what they wrap.
///
/// `anyhow::Error` and its like have a method of their own called `downcast_ref`, which wins over this one; all
/// other errors get this one, which finds nothing: they are looked into once they are boxed.
pub trait Downcast {
    /// Nothing.
    fn downcast_ref<T>(&self) -> Option<&T> {
        None
    }
}

impl<E: ?Sized> Downcast for E {}

/// A task's `Result` as a [`TaskResult`]. A macro, because only where the error's type is known can its own
/// `downcast_ref` be called.
#[doc(hidden)]
#[macro_export]
macro_rules! __outcome {
    ($result:expr) => {
        match $result {
            $crate::__private::Ok(()) => $crate::__private::Ok(()),
            $crate::__private::Err($crate::__private::Unboxed { error, boxed }) => {
                #[allow(unused_imports)]
                use $crate::__private::Downcast as _;
                let cancel = error.downcast_ref::<$crate::__private::CancelProcessError>().is_some();
                let non_retryable =
                    error.downcast_ref::<$crate::__private::NonRetryableProcessError>().is_some();
                let pause = error
                    .downcast_ref::<$crate::__private::RetryAfter>()
                    .map($crate::__private::RetryAfter::pause);
                let error = boxed(error);
                $crate::__private::Err($crate::__private::TaskError::signalled(
                    cancel,
                    non_retryable,
                    pause,
                    error,
                ))
            }
        }
    };
}

/// A hook's `Result` as a [`HookResult`].
#[doc(hidden)]
#[macro_export]
macro_rules! __hook_outcome {
    ($result:expr) => {
        match $result {
            $crate::__private::Ok(()) => $crate::__private::Ok(()),
            $crate::__private::Err(failure) => $crate::__private::Err((failure.boxed)(failure.error)),
        }
    };
}

/// An instance made by itself, where the type has a `Default`; else nothing.
#[doc(hidden)]
#[macro_export]
macro_rules! __instance {
    ($type:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::NoDefault as _;
        $crate::__private::Probe::<$type>(::core::marker::PhantomData).instance()
    }};
}

/// Lets serde write and read an argument struct, as its derive would. A derive for each task costs about four times
/// as much to compile.
#[doc(hidden)]
#[macro_export]
macro_rules! __stored {
    ($arguments:ident) => {
        #[automatically_derived]
        impl $crate::__private::Serialize for $arguments {
            fn serialize<S: $crate::__private::Serializer>(
                &self,
                serializer: S,
            ) -> $crate::__private::Result<S::Ok, S::Error> {
                $crate::__private::serialize_arguments(self, serializer)
            }
        }
        #[automatically_derived]
        impl<'de> $crate::__private::Deserialize<'de> for $arguments {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(
                deserializer: D,
            ) -> $crate::__private::Result<Self, D::Error> {
                $crate::__private::deserialize_arguments(deserializer)
            }
        }
    };
}

/// Leaves a definition in the program for the registry to find.
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($type:ty, $name:expr) => {
        $crate::__private::inventory::submit! { $crate::__private::Linked::new::<$type>($name) }
    };
}

/// Finds out whether a type has a `Default`: its own method is preferred to the one of [`NoDefault`].
#[derive(Debug)]
pub struct Probe<T>(pub PhantomData<T>);

impl<T: Default> Probe<T> {
    /// The default.
    #[allow(clippy::unused_self)]
    pub fn instance(&self) -> Option<T> {
        Some(T::default())
    }
}

/// The other half of [`Probe`].
pub trait NoDefault<T> {
    /// Nothing.
    fn instance(&self) -> Option<T> {
        None
    }
}

impl<T> NoDefault<T> for Probe<T> {}

/// An argument of the type `T`: how it is checked, read and written.
///
/// The bounds stand on [`argument`] alone, so a type that serde does not know is told once.
#[allow(clippy::type_complexity)] // each is used once
pub struct Slot<T> {
    name: &'static str,
    parameter: Parameter,
    read: fn(&ArgumentsRef<'_>, &str) -> Result<T, ArgumentError>,
    read_or: fn(&ArgumentsRef<'_>, &str, fn() -> T) -> Result<T, ArgumentError>,
    write: fn(&mut Encoder<'_>, &str, &T),
    set: fn(&mut Arguments, &str, &T),
}

/// An [`Argument`], without the long tale of what serde can write and read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an argument: arguments are written to a store and read back",
    label = "serde cannot write and read this type",
    note = "help: add `#[derive(serde::Serialize, serde::Deserialize)]` to the type, or wrap it in one of yours that has them"
)]
pub trait Stored: Argument {}

#[diagnostic::do_not_recommend]
impl<T: Argument> Stored for T {}

/// An argument of the type `T`, which people know as `type_name`.
pub const fn argument<T: Stored>(name: &'static str, type_name: &'static str) -> Slot<T> {
    Slot {
        name,
        parameter: Parameter::of::<T>(name, type_name),
        read: |arguments, name| arguments.get(name),
        read_or: |arguments, name, default| arguments.get_or(name, default),
        write: |encoder, name, value| encoder.put(name, value),
        set: |arguments, name, value| set_argument(arguments, name, value),
    }
}

impl<T> Slot<T> {
    /// What a definition's table says of it.
    pub const fn parameter(&self) -> Parameter {
        self.parameter
    }

    /// Reads it.
    pub fn read(&self, arguments: &ArgumentsRef<'_>) -> Result<T, ArgumentError> {
        (self.read)(arguments, self.name)
    }

    /// Reads it, or takes the default where it is absent.
    pub fn read_or(&self, arguments: &ArgumentsRef<'_>, default: fn() -> T) -> Result<T, ArgumentError> {
        (self.read_or)(arguments, self.name, default)
    }

    /// Puts the default there where it is absent.
    pub fn fill(&self, arguments: &mut Arguments, default: fn() -> T) {
        if arguments.names().all(|name| name != self.name) {
            (self.set)(arguments, self.name, &default());
        }
    }

    /// Writes it.
    pub fn write(&self, encoder: &mut Encoder<'_>, value: &T) {
        (self.write)(encoder, self.name, value);
    }
}

impl<T> core::fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.parameter.fmt(f)
    }
}

/// What an `#[each]` method may return.
#[diagnostic::on_unimplemented(
    message = "an `#[each]` method returns items, but `{Self}` has none",
    label = "cannot be iterated over",
    note = "help: return `Vec<Item>` or `impl Iterator<Item = Item>`, plain or in a `Result`"
)]
pub trait Items<T> {
    /// Puts all of them into the sink.
    fn put(self, sink: &mut ItemSink<'_>) -> Result<(), SourceError>
    where
        T: Item;
}

#[diagnostic::do_not_recommend]
impl<T, I: IntoIterator<Item = T>> Items<T> for I {
    fn put(self, sink: &mut ItemSink<'_>) -> Result<(), SourceError>
    where
        T: Item,
    {
        sink.all(self)
    }
}

/// An item of a source: its fields become arguments.
#[diagnostic::on_unimplemented(
    message = "the fields of `{Self}` cannot become arguments: serde cannot write it",
    label = "serde cannot write this type",
    note = "help: add `#[derive(serde::Serialize)]` to the type, or wrap it in one of yours that has it"
)]
pub trait Item: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Item for T {}

/// Puts the items of an `#[each]` method into the sink.
pub fn put_items<I: Items<T>, T: Item>(sink: &mut ItemSink<'_>, items: I) -> Result<(), SourceError> {
    items.put(sink)
}

/// Puts the result of a `#[transform]` method into the sink.
pub fn put_item<T: Item>(sink: &mut ItemSink<'_>, item: T) -> Result<(), SourceError> {
    sink.one(item)
}

/// An error that is not boxed yet, and how it is.
///
/// The bound stands on the impls of [`TaskOutcome`] alone, so an error that cannot be boxed is told once.
pub struct Unboxed<E> {
    /// The error.
    pub error: E,
    /// Boxes it.
    pub boxed: fn(E) -> BoxError,
}

impl<E> core::fmt::Debug for Unboxed<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Unboxed").finish_non_exhaustive()
    }
}

/// What a task may return, as [`TaskReturn`] has it, without the long tale of what can be boxed.
#[diagnostic::on_unimplemented(
    message = "a task returns nothing, or a `Result` whose error can be boxed, but this one returns `{Self}`",
    label = "neither nothing nor a `Result` whose error can be boxed",
    note = "help: return `Result<(), E>`, where `E` implements `std::error::Error + Send + Sync`"
)]
pub trait TaskOutcome<E> {
    /// The outcome; a task's value is not kept.
    fn of_task(self) -> Result<(), Unboxed<E>>;
}

#[diagnostic::do_not_recommend]
impl TaskOutcome<core::convert::Infallible> for () {
    fn of_task(self) -> Result<(), Unboxed<core::convert::Infallible>> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<T, E: Into<BoxError>> TaskOutcome<E> for Result<T, E> {
    fn of_task(self) -> Result<(), Unboxed<E>> {
        match self {
            Ok(_) => Ok(()),
            Err(error) => Err(Unboxed { error, boxed: E::into }),
        }
    }
}

/// What a hook may return: the same.
#[diagnostic::on_unimplemented(
    message = "a hook returns nothing, or a `Result` whose error can be boxed, but this one returns `{Self}`",
    label = "neither nothing nor a `Result` whose error can be boxed",
    note = "help: return nothing, or `Result<(), E>`, where `E` implements `std::error::Error + Send + Sync`"
)]
pub trait HookOutcome<E> {
    /// The outcome.
    fn of_hook(self) -> Result<(), Unboxed<E>>;
}

#[diagnostic::do_not_recommend]
impl<E, T: TaskOutcome<E>> HookOutcome<E> for T {
    fn of_hook(self) -> Result<(), Unboxed<E>> {
        self.of_task()
    }
}

/// The value itself, for code that never runs.
pub fn given<T>(value: T) -> T {
    value
}

/// A value of any type, for code that is compiled and never run.
pub fn any<T>() -> T {
    loop {
        std::thread::park();
    }
}

/// An element of a list, for code that never runs.
pub fn element<L: List>(_: &L) -> L::Item {
    any()
}

/// The output of a future, for code that never runs.
pub fn output<F: Future>(_: F) -> F::Output {
    any()
}

/// The value of a `Result`, for code that never runs.
pub fn success<T, E>(_: Result<T, E>) -> T {
    any()
}

/// An argument of which only the name is known.
#[derive(Debug)]
pub struct Anything;

/// Whether it is a list is seen when the process is built.
impl List for Anything {
    type Item = Self;
}

/// What a source returns, for code that never runs. `Fields` stands in where there are no items.
#[derive(Debug)]
pub struct ItemsOf<I, Fields>(PhantomData<(I, Fields)>);

impl<I, Fields> ItemsOf<I, Fields> {
    /// Of this value.
    pub fn new(_: I) -> Self {
        any()
    }
}

impl<I: IntoIterator, Fields> ItemsOf<I, Fields> {
    /// One of the items.
    pub fn item(&self) -> I::Item {
        any()
    }
}

/// The other half of [`ItemsOf`].
pub trait NoItems<Fields> {
    /// Something with all fields: that there are no items is told elsewhere.
    fn item(&self) -> Fields {
        any()
    }
}

impl<I, Fields> NoItems<Fields> for ItemsOf<I, Fields> {}

/// An item, for code that never runs. `Fields` stands in where its fields have no names.
#[derive(Debug)]
pub struct FieldsOf<T, Fields>(PhantomData<(T, Fields)>);

impl<T, Fields> FieldsOf<T, Fields> {
    /// Of this value.
    pub fn new(_: &T) -> Self {
        any()
    }
}

impl<T: Map, Fields> FieldsOf<T, Fields> {
    /// Something with all fields: what is in a map is known when a process is built.
    pub fn fields<'a>(self) -> &'a Fields {
        any()
    }
}

impl<T: Nameless, Fields> FieldsOf<T, Fields> {
    /// Refuses them.
    pub fn have_names(&self)
    where
        T: Named,
    {
    }
}

/// The second part of [`FieldsOf`]: methods by value go before those by reference.
pub trait NoNames<Fields>: Sized {
    /// Something with all fields: that there are none is told elsewhere.
    fn fields<'a>(self) -> &'a Fields
    where
        Fields: 'a,
    {
        any()
    }
}

impl<T: Nameless, Fields> NoNames<Fields> for FieldsOf<T, Fields> {}

/// The third part of [`FieldsOf`].
pub trait NoMap<T> {
    /// Nobody knows better, before the process is built.
    fn have_names(&self) {}

    /// The item itself.
    fn fields(&self) -> &T {
        any()
    }
}

impl<T, Fields> NoMap<T> for FieldsOf<T, Fields> {}

/// What serde writes without names of fields, as far as it is known here.
pub trait Nameless {}

macro_rules! nameless {
    ($($type:ty),*) => { $(impl Nameless for $type {})* };
}

nameless!(bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64);
nameless!((), &str, String, std::path::PathBuf, uuid::Uuid);

impl<T> Nameless for Vec<T> {}
impl<T, const N: usize> Nameless for [T; N] {}
impl<A, B> Nameless for (A, B) {}
impl<A, B, C> Nameless for (A, B, C) {}
impl<T: Nameless> Nameless for crate::Described<T> {}

/// What has fields with names: nothing of what is [`Nameless`].
#[diagnostic::on_unimplemented(
    message = "the fields of an item become arguments, but `{Self}` has no fields with names",
    label = "these items have no fields with names",
    note = "help: return a struct; or take a list as an argument, and write `each item in list`"
)]
pub trait Named {}

/// An item whose fields are data.
pub trait Map {}

impl Map for Arguments {}
impl Map for serde_json::Value {}
impl<V> Map for serde_json::Map<String, V> {}
impl<K, V, S> Map for std::collections::HashMap<K, V, S> {}
impl<K, V> Map for std::collections::BTreeMap<K, V> {}
impl<T: Map> Map for crate::Described<T> {}

/// Says that the scope of a step has an argument of this name, so that a sub-process can ask for it. `NAME` is a
/// number made from the name.
pub trait InScope<const NAME: u128> {
    /// The argument's type.
    type Type;
}

/// Asks nothing of the place where a process is embedded.
#[doc(hidden)]
#[macro_export]
macro_rules! __no_needs {
    ($($place:tt)*) => {};
}

/// Stands in for what a process needs, where that is not known.
pub mod unknown {
    pub use crate::__no_needs as __Needs;
}

/// A process written by hand asks nothing of the scope it is embedded in; `#[process]` generates a function of the
/// same name, which is preferred to this one.
pub trait RequiresNothing {
    /// Nothing.
    fn __requires<S>(_: S) {}
}

impl<D> RequiresNothing for D {}
