impl Album {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    async fn create_album(&self, album: std::string::String) -> Result<(), AlbumError> {
        self.create(album).await
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn resize(&self, context: &Context, path: PathBuf) -> Result<(), AlbumError> {
        Ok(())
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn announce() {}
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn photos(
        &self,
        album: String,
        photos: Vec<PathBuf>,
    ) -> impl Iterator<Item = Photo> {
        photos.into_iter()
    }
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        clippy::unused_async,
        clippy::unused_self
    )]
    async fn on_completed(&self, identifier: &str) {}
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
    pub fn process(arguments: AlbumArgs) -> ::tasktronaut::ProcessBuilder<Self> {
        ::tasktronaut::ProcessBuilder::new(arguments)
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
pub struct AlbumArgs {
    /// The album's name.
    pub album: String,
    /// The argument `photos`.
    pub photos: Vec<PathBuf>,
    /// The argument `public`.
    pub public: bool,
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
impl AlbumArgs {
    /// The arguments that cannot be left out; the others have their defaults.
    #[must_use]
    pub fn new(album: String, photos: Vec<PathBuf>) -> Self {
        Self {
            album,
            photos,
            public: true,
        }
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
        ::tasktronaut::__private::embedded! { (album photos) $($place)* }
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
    impl AlbumArgs {
        const __album: __tt::Slot<String> = __tt::argument::<String>("album", "String");
        const __photos: __tt::Slot<Vec<PathBuf>> = __tt::argument::<
            Vec<PathBuf>,
        >("photos", "Vec<PathBuf>");
        const __public: __tt::Slot<bool> = __tt::argument::<bool>("public", "bool");
    }
    impl __tt::ArgumentSet for AlbumArgs {
        const PARAMETERS: &'static [__tt::Parameter] = &[
            Self::__album.parameter(),
            Self::__photos.parameter(),
            Self::__public.parameter().with_default(),
        ];
        fn decode(
            arguments: &__tt::ArgumentsRef<'_>,
        ) -> __tt::Result<Self, __tt::ArgumentError> {
            __tt::Ok(Self {
                album: Self::__album.read(arguments)?,
                photos: Self::__photos.read(arguments)?,
                public: Self::__public.read_or(arguments, || true)?,
            })
        }
        fn encode(&self, encoder: &mut __tt::Encoder<'_>) {
            Self::__album.write(encoder, &self.album);
            Self::__photos.write(encoder, &self.photos);
            Self::__public.write(encoder, &self.public);
        }
    }
    __tt::stored!(AlbumArgs);
    struct __CreateAlbumArgs {
        album: std::string::String,
    }
    impl __CreateAlbumArgs {
        const __album: __tt::Slot<std::string::String> = __tt::argument::<
            std::string::String,
        >("album", "std::string::String");
    }
    impl __tt::ArgumentSet for __CreateAlbumArgs {
        const PARAMETERS: &'static [__tt::Parameter] = &[Self::__album.parameter()];
        fn decode(
            arguments: &__tt::ArgumentsRef<'_>,
        ) -> __tt::Result<Self, __tt::ArgumentError> {
            __tt::Ok(Self {
                album: Self::__album.read(arguments)?,
            })
        }
        fn encode(&self, encoder: &mut __tt::Encoder<'_>) {
            Self::__album.write(encoder, &self.album);
        }
    }
    __tt::stored!(__CreateAlbumArgs);
    struct __ResizeArgs {
        path: PathBuf,
    }
    impl __ResizeArgs {
        const __path: __tt::Slot<PathBuf> = __tt::argument::<PathBuf>("path", "PathBuf");
    }
    impl __tt::ArgumentSet for __ResizeArgs {
        const PARAMETERS: &'static [__tt::Parameter] = &[Self::__path.parameter()];
        fn decode(
            arguments: &__tt::ArgumentsRef<'_>,
        ) -> __tt::Result<Self, __tt::ArgumentError> {
            __tt::Ok(Self {
                path: Self::__path.read(arguments)?,
            })
        }
        fn encode(&self, encoder: &mut __tt::Encoder<'_>) {
            Self::__path.write(encoder, &self.path);
        }
    }
    __tt::stored!(__ResizeArgs);
    struct __PhotosArgs {
        album: String,
        photos: Vec<PathBuf>,
    }
    impl __PhotosArgs {
        const __album: __tt::Slot<String> = __tt::argument::<String>("album", "String");
        const __photos: __tt::Slot<Vec<PathBuf>> = __tt::argument::<
            Vec<PathBuf>,
        >("photos", "Vec<PathBuf>");
    }
    impl __tt::ArgumentSet for __PhotosArgs {
        const PARAMETERS: &'static [__tt::Parameter] = &[
            Self::__album.parameter(),
            Self::__photos.parameter(),
        ];
        fn decode(
            arguments: &__tt::ArgumentsRef<'_>,
        ) -> __tt::Result<Self, __tt::ArgumentError> {
            __tt::Ok(Self {
                album: Self::__album.read(arguments)?,
                photos: Self::__photos.read(arguments)?,
            })
        }
        fn encode(&self, encoder: &mut __tt::Encoder<'_>) {
            Self::__album.write(encoder, &self.album);
            Self::__photos.write(encoder, &self.photos);
        }
    }
    __tt::stored!(__PhotosArgs);
    fn __create_album(call: __tt::Call<Album>) -> __tt::TaskFuture {
        __tt::Box::pin(async move {
            let arguments: __CreateAlbumArgs = __tt::decode(&call)?;
            __tt::outcome!(
                __tt::TaskOutcome::of_task(< Album > ::create_album(__tt::definition(&
                call), arguments.album). await)
            )
        })
    }
    fn __resize(call: &__tt::Call<Album>) -> __tt::TaskResult {
        let arguments: __ResizeArgs = __tt::decode(call)?;
        __tt::outcome!(
            __tt::TaskOutcome::of_task(< Album > ::resize(__tt::definition(call),
            __tt::context(call), arguments.path))
        )
    }
    fn __announce(call: &__tt::Call<Album>) -> __tt::TaskResult {
        __tt::outcome!(__tt::TaskOutcome::of_task(< Album > ::announce()))
    }
    fn __photos(
        this: &Album,
        arguments: &__tt::ArgumentsRef<'_>,
        items: &mut __tt::ItemSink<'_>,
    ) -> __tt::Result<(), __tt::SourceError> {
        let arguments: __PhotosArgs = __tt::ArgumentSet::decode(arguments)?;
        __tt::put_items(items, <Album>::photos(this, arguments.album, arguments.photos))
    }
    fn __on_completed<'a>(this: &'a Album, a0: &'a str) -> __tt::HookFuture<'a> {
        __tt::Box::pin(async move {
            __tt::hook_outcome!(
                __tt::HookOutcome::of_hook(< Album > ::on_completed(this, a0). await)
            )
        })
    }
    const __TASKS: &[__tt::Task<Album>] = &[
        __tt::Task::asynchronous("create_album", __create_album)
            .arguments::<__CreateAlbumArgs>()
            .description("Create the album"),
        __tt::Task::plain("resize", __resize)
            .arguments::<__ResizeArgs>()
            .retries(3)
            .timeout_ms(30000)
            .with_context(),
        __tt::Task::plain("announce", __announce).arguments::<()>(),
    ];
    const __SOURCES: &[__tt::Source<Album>] = &[
        __tt::Source::each("photos", __photos).arguments::<__PhotosArgs>(),
    ];
    const __HOOKS: __tt::Hooks<Album> = {
        let hooks = __tt::Hooks::new();
        let hooks = hooks.on_completed(__on_completed);
        hooks
    };
    #[automatically_derived]
    impl __tt::ProcessDefinition for Album {
        type Arguments = AlbumArgs;
        fn name(&self) -> &'static str {
            ::core::concat!(::core::module_path!(), "::Album")
        }
        fn description(&self) -> __tt::Option<&'static str> {
            __tt::Some("Publish a photo album")
        }
        fn execution_mode(&self) -> __tt::ExecutionMode {
            __tt::ExecutionMode::Sequential
        }
        fn policy(&self) -> __tt::Policy {
            __tt::Policy::new().retries(2)
        }
        fn tasks(&self) -> &'static [__tt::Task<Self>] {
            __TASKS
        }
        fn sources(&self) -> &'static [__tt::Source<Self>] {
            __SOURCES
        }
        fn hooks(&self) -> __tt::Hooks<Self> {
            __HOOKS
        }
        fn instance() -> __tt::Option<Self> {
            __tt::instance!(Album)
        }
        fn define_process(
            &self,
            builder: &mut __tt::Builder<Self>,
        ) -> __tt::Result<(), __tt::BuildError> {
            __tt::with_defaults(
                builder,
                |arguments| {
                    AlbumArgs::__public.fill(arguments, || true);
                },
                |builder| {
                    builder.task_at(0, __tt::None);
                    builder
                        .concurrent_with(
                            __tt::Some("Prepare the photos"),
                            |builder| {
                                builder
                                    .source_at(
                                        0,
                                        __tt::None,
                                        |builder| {
                                            builder.task_at(1, __tt::None);
                                        },
                                    );
                                builder
                                    .each_element(
                                        "photos",
                                        "path",
                                        __tt::None,
                                        |builder| {
                                            builder.task_at(1, __tt::None);
                                        },
                                    );
                                builder.sub_process_with::<CoverArt>(__tt::None);
                            },
                        );
                    if builder.option_or("notify", true) {
                        builder.task_at(2, __tt::Some("Tell the subscribers"));
                    }
                },
            );
            __tt::Ok(())
        }
    }
    __tt::register!(Album, ::core::concat!(::core::module_path!(), "::Album"));
    #[diagnostic::on_unimplemented(
        message = "process `Album` needs the argument `album: String`, which is not in scope here",
        label = "`album` is not in scope",
        note = "help: declare `album: String` in `define_process`"
    )]
    pub trait __AlbumNeedsAlbum {
        type Type;
    }
    #[diagnostic::do_not_recommend]
    impl<S: __tt::InScope<67144527391344451633285281878373139180>> __AlbumNeedsAlbum
    for S {
        type Type = <S as __tt::InScope<67144527391344451633285281878373139180>>::Type;
    }
    #[diagnostic::on_unimplemented(
        message = "process `Album` takes `album: String`, but here `album` is a `{Self}`",
        label = "`album` is a `{Self}` here",
        note = "help: make the argument a `String`"
    )]
    pub trait __AlbumTakesAlbum<T> {}
    #[diagnostic::do_not_recommend]
    impl __AlbumTakesAlbum<String> for String {}
    #[diagnostic::do_not_recommend]
    impl __AlbumTakesAlbum<String> for __tt::Anything {}
    #[diagnostic::on_unimplemented(
        message = "process `Album` needs the argument `photos: Vec<PathBuf>`, which is not in scope here",
        label = "`photos` is not in scope",
        note = "help: declare `photos: Vec<PathBuf>` in `define_process`"
    )]
    pub trait __AlbumNeedsPhotos {
        type Type;
    }
    #[diagnostic::do_not_recommend]
    impl<S: __tt::InScope<248588165957323305984516825004440064800>> __AlbumNeedsPhotos
    for S {
        type Type = <S as __tt::InScope<248588165957323305984516825004440064800>>::Type;
    }
    #[diagnostic::on_unimplemented(
        message = "process `Album` takes `photos: Vec<PathBuf>`, but here `photos` is a `{Self}`",
        label = "`photos` is a `{Self}` here",
        note = "help: make the argument a `Vec<PathBuf>`"
    )]
    pub trait __AlbumTakesPhotos<T> {}
    #[diagnostic::do_not_recommend]
    impl __AlbumTakesPhotos<Vec<PathBuf>> for Vec<PathBuf> {}
    #[diagnostic::do_not_recommend]
    impl __AlbumTakesPhotos<Vec<PathBuf>> for __tt::Anything {}
    impl Album {
        #[doc(hidden)]
        pub fn __requires<
            S: __AlbumNeedsAlbum<Type: __AlbumTakesAlbum<String>>
                + __AlbumNeedsPhotos<Type: __AlbumTakesPhotos<Vec<PathBuf>>>,
        >(_: S) {}
    }
    const _: () = {
        struct __Fields {
            path: __tt::Anything,
        }
        impl __tt::Map for __Fields {}
        #[diagnostic::on_unimplemented(
            message = "task `create_album` takes `album: std::string::String`, but here `album` is a `{Self}`",
            label = "`album` is a `{Self}` here",
            note = "help: take `album: {Self}` in `create_album`, or make the argument a `std::string::String`"
        )]
        trait __CreateAlbumAlbum<T> {}
        #[diagnostic::do_not_recommend]
        impl __CreateAlbumAlbum<std::string::String> for std::string::String {}
        #[diagnostic::do_not_recommend]
        impl __CreateAlbumAlbum<std::string::String> for __tt::Anything {}
        fn __create_album_album<T: __CreateAlbumAlbum<std::string::String>>(_: &T) {}
        #[diagnostic::on_unimplemented(
            message = "task `resize` takes `path: PathBuf`, but here `path` is a `{Self}`",
            label = "`path` is a `{Self}` here",
            note = "help: take `path: {Self}` in `resize`, or make the argument a `PathBuf`"
        )]
        trait __ResizePath<T> {}
        #[diagnostic::do_not_recommend]
        impl __ResizePath<PathBuf> for PathBuf {}
        #[diagnostic::do_not_recommend]
        impl __ResizePath<PathBuf> for __tt::Anything {}
        fn __resize_path<T: __ResizePath<PathBuf>>(_: &T) {}
        fn __check(this: &Album, arguments: &AlbumArgs) {
            use __tt::{NoItems as _, NoMap as _, NoNames as _};
            let _ = <Album>::create_album;
            __create_album_album(&__tt::given(arguments).album);
            let _ = <Album>::photos;
            let value1 = __tt::ItemsOf::<
                _,
                __Fields,
            >::new(<Album>::photos(this, __tt::any(), __tt::any()))
                .item();
            let item = __tt::FieldsOf::<_, __Fields>::new(&value1);
            item.have_names();
            let item1 = item.fields();
            let _ = <Album>::resize;
            {
                let value = &(*__tt::given(item1)).path;
                __resize_path(value);
            }
            let item2 = &__tt::element(&__tt::given(arguments).photos);
            let _ = <Album>::resize;
            {
                use __tt::RequiresNothing as _;
                struct __Scope<T0, T1, T2>(::core::marker::PhantomData<(T0, T1, T2)>);
                impl<T0, T1, T2> __tt::InScope<67144527391344451633285281878373139180>
                for __Scope<T0, T1, T2> {
                    type Type = T0;
                }
                impl<T0, T1, T2> __tt::InScope<248588165957323305984516825004440064800>
                for __Scope<T0, T1, T2> {
                    type Type = T1;
                }
                impl<T0, T1, T2> __tt::InScope<200594997221397409447353224910066808136>
                for __Scope<T0, T1, T2> {
                    type Type = T2;
                }
                fn __scope<T0, T1, T2>(_: &T0, _: &T1, _: &T2) -> __Scope<T0, T1, T2> {
                    __tt::any()
                }
                let scope = __scope(
                    &arguments.album,
                    &arguments.photos,
                    &arguments.public,
                );
                <CoverArt>::__requires(__tt::given(scope));
            }
            let _ = <Album>::announce;
        }
    };
};
