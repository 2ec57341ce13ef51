impl Album {
    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        for _ in 0..3 {
            {
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
                use ::tasktronaut::__private as __tt;
                let builder: &mut __tt::Builder<Self> = &mut *builder;
                builder.task_at(0, __tt::None);
                builder
                    .concurrent_with(
                        __tt::None,
                        |builder| {
                            builder.task_at(0, __tt::Some("Again"));
                        },
                    );
            }
        }
        Ok(())
    }
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
    pub fn process(
        arguments: ::tasktronaut::Arguments,
    ) -> ::tasktronaut::ProcessBuilder<Self> {
        ::tasktronaut::ProcessBuilder::new(arguments)
    }
}
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
    fn __resize(call: &__tt::Call<Album>) -> __tt::TaskResult {
        __tt::outcome!(
            __tt::TaskOutcome::of_task(< Album > ::resize(__tt::definition(call)))
        )
    }
    const __TASKS: &[__tt::Task<Album>] = &[
        __tt::Task::plain("resize", __resize).arguments::<()>(),
    ];
    #[automatically_derived]
    impl __tt::ProcessDefinition for Album {
        type Arguments = __tt::Arguments;
        fn name(&self) -> &'static str {
            ::core::concat!(::core::module_path!(), "::Album")
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
            __tt::defined(<Album>::define_process(self, builder))
        }
    }
    __tt::register!(Album, ::core::concat!(::core::module_path!(), "::Album"));
    const _: () = {
        fn __check(this: &Album, arguments: &()) {
            use __tt::{NoItems as _, NoMap as _, NoNames as _};
            let _ = <Album>::resize;
            let _ = <Album>::resize;
        }
    };
};
