impl Album {
    #[cfg(feature = "drafts")]
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn draft(&self) {}
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn resize(&self) {}
}
#[allow(
    unused,
    missing_copy_implementations,
    missing_debug_implementations,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction
)]
impl Album {
    /// Starts to build a process of the kind [`Album`].
    #[must_use]
    pub fn process() -> ::tasktronaut::ProcessBuilder<Self> {
        ::tasktronaut::ProcessBuilder::new(AlbumArgs {})
    }
}
#[allow(
    unused,
    missing_copy_implementations,
    missing_debug_implementations,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction
)]
/// The arguments that start a process of the kind [`Album`].
pub struct AlbumArgs {}
#[allow(
    unused,
    missing_copy_implementations,
    missing_debug_implementations,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction
)]
impl AlbumArgs {
    /// The arguments that cannot be left out; the others have their defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }
}
#[automatically_derived]
#[allow(
    unused,
    missing_copy_implementations,
    missing_debug_implementations,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction
)]
impl ::core::default::Default for AlbumArgs {
    fn default() -> Self {
        Self::new()
    }
}
#[allow(
    unused,
    missing_copy_implementations,
    missing_debug_implementations,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction
)]
macro_rules! __needs_of_Album {
    ($($place:tt)*) => {
        ::tasktronaut::__private::embedded! { () $($place)* }
    };
}
#[allow(
    unused,
    missing_copy_implementations,
    missing_debug_implementations,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction
)]
#[doc(hidden)]
pub(crate) use __needs_of_Album as Album;
#[allow(
    unused,
    deprecated,
    let_underscore_drop,
    missing_copy_implementations,
    missing_debug_implementations,
    non_camel_case_types,
    private_bounds,
    private_interfaces,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unexpected_cfgs,
    unreachable_pub,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction
)]
const _: () = {
    use ::tasktronaut::__private as __tt;
    impl AlbumArgs {}
    impl __tt::ArgumentSet for AlbumArgs {
        const PARAMETERS: &'static [__tt::Parameter] = &[];
        fn decode(
            arguments: &__tt::ArgumentsRef<'_>,
        ) -> __tt::Result<Self, __tt::ArgumentError> {
            __tt::Ok(Self {})
        }
        fn encode(&self, encoder: &mut __tt::Encoder<'_>) {}
    }
    __tt::stored!(AlbumArgs);
    #[cfg(feature = "drafts")]
    fn __draft(call: &__tt::Call<Album>) -> __tt::TaskResult {
        __tt::outcome!(
            __tt::TaskOutcome::of_task(< Album > ::draft(__tt::definition(call)))
        )
    }
    fn __resize(call: &__tt::Call<Album>) -> __tt::TaskResult {
        __tt::outcome!(
            __tt::TaskOutcome::of_task(< Album > ::resize(__tt::definition(call)))
        )
    }
    const __TASKS: &[__tt::Task<Album>] = &[
        #[cfg(feature = "drafts")]
        __tt::Task::plain("draft", __draft).arguments::<()>(),
        __tt::Task::plain("resize", __resize).arguments::<()>(),
    ];
    #[automatically_derived]
    impl __tt::ProcessDefinition for Album {
        type Arguments = AlbumArgs;
        fn name(&self) -> &'static str {
            ::core::concat!(::core::module_path!(), "::Album")
        }
        fn execution_mode(&self) -> __tt::ExecutionMode {
            __tt::ExecutionMode::Sequential
        }
        fn tasks(&self) -> &'static [__tt::Task<Self>] {
            __TASKS
        }
        fn instance() -> __tt::Option<Self> {
            __tt::instance!(Album)
        }
        fn define_process(
            &self,
            builder: &mut __tt::Builder<Self>,
        ) -> __tt::Result<(), __tt::BuildError> {
            builder.task_at(0, __tt::None);
            builder
                .task_at(
                    0 + (::core::cfg!(all(feature = "drafts")) as usize),
                    __tt::None,
                );
            __tt::Ok(())
        }
    }
    __tt::register!(Album, ::core::concat!(::core::module_path!(), "::Album"));
    impl Album {
        #[doc(hidden)]
        pub fn __requires<S>(_: S) {}
    }
    const _: () = {
        fn __check(this: &Album, arguments: &AlbumArgs) {
            use __tt::{NoItems as _, NoMap as _, NoNames as _};
            let _ = <Album>::draft;
            let _ = <Album>::resize;
        }
    };
};
