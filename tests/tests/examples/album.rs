//! The album: real work on real files, with a broken picture, a busy one, and Ctrl-C.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::program::{Program, fresh_folder, lines_of, repository};

/// The pictures that can be read, and the sizes of their thumbnails: at most 480 wide and 320 high, with the shape of
/// the picture.
const THUMBNAILS: [(&str, u32, u32); 8] = [
    ("aurora.jpg", 320, 320),
    ("balloons.jpg", 256, 320),
    ("dawn.jpg", 480, 320),
    ("dunes.jpg", 480, 160),
    ("lake.jpg", 480, 320),
    ("lighthouse.jpg", 192, 320),
    ("moon.png", 320, 320),
    ("tiles.png", 480, 300),
];

const UNREADABLE: &str = "it cannot be read: unexpected end of file";

fn sample_pictures() -> PathBuf {
    repository().join("examples/album/pictures")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// All files below a folder, by their paths within it.
fn files_in(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for path in next.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(text(path.strip_prefix(folder).unwrap()).to_owned());
            }
        }
    }
    files.sort();
    files
}

/// The lines about readable pictures.
fn thumbnail_lines() -> Vec<String> {
    THUMBNAILS.iter().map(|(name, width, height)| format!("{name}: {width} x {height}")).collect()
}

fn check_album(album: &Path) {
    let mut expected: Vec<String> =
        THUMBNAILS.iter().map(|(name, ..)| format!("thumbnails/{name}.jpg")).collect();
    expected.extend([".album", "cover-1200.jpg", "cover-600.jpg", "index.html"].map(str::to_owned));
    expected.sort();
    assert_eq!(files_in(album), expected);

    let page = fs::read_to_string(album.join("index.html")).unwrap();
    for (name, width, height) in THUMBNAILS {
        let thumbnail = image::open(album.join("thumbnails").join(format!("{name}.jpg"))).unwrap();
        assert_eq!((thumbnail.width(), thumbnail.height()), (width, height), "{name}");
        let shown = format!("<img src=\"thumbnails/{name}.jpg\" width=\"{width}\" height=\"{height}\"");
        assert_eq!(page.matches(&shown).count(), 1, "{name}");
    }
    for width in [600, 1200] {
        let cover = image::open(album.join(format!("cover-{width}.jpg"))).unwrap();
        assert_eq!((cover.width(), cover.height()), (width, width / 4));
    }
    assert_eq!(page.matches("<figure").count(), THUMBNAILS.len());
    assert!(page.contains("<p>8 pictures</p>"));
    assert!(page.contains("<footer>Left out, because unreadable: harbour.png</footer>"));
}

#[test]
fn an_album_is_made_without_the_broken_picture() {
    let folder = fresh_folder("made");
    let album = folder.join("album");
    let mut lines = lines_of("album", &[text(&sample_pictures()), text(&album)]);
    let last = lines.pop();
    assert_eq!(last, Some(format!("The album is ready: {}", album.join("index.html").display())));
    let about_the_broken: Vec<String> =
        lines.extract_if(.., |line| line.starts_with("harbour.png")).collect();
    let again = format!("harbour.png: {UNREADABLE}; trying again");
    assert_eq!(about_the_broken, [again.clone(), again, format!("harbour.png: left out, {UNREADABLE}")]);
    let mut covers = lines.split_off(THUMBNAILS.len());
    covers.sort();
    assert_eq!(covers, ["Draw the cover: 1200 x 300", "Draw the cover: 600 x 150"]);
    lines.sort();
    assert_eq!(lines, thumbnail_lines());
    check_album(&album);
    assert_eq!(folder.read_dir().unwrap().count(), 1, "there is something beside the album");
}

#[test]
fn an_album_takes_the_place_of_the_one_before() {
    let folder = fresh_folder("again");
    let album = folder.join("album");
    let without_cover = [text(&sample_pictures()), text(&album), "--no-cover"].map(str::to_owned);
    let without_cover: Vec<&str> = without_cover.iter().map(String::as_str).collect();
    lines_of("album", &without_cover[..2]);
    check_album(&album);
    let lines = lines_of("album", &without_cover);
    assert!(!lines.iter().any(|line| line.starts_with("Draw the cover")), "{lines:?}");
    assert!(!album.join("cover-600.jpg").exists());
    assert!(!fs::read_to_string(album.join("index.html")).unwrap().contains("cover-"));
    assert_eq!(folder.read_dir().unwrap().count(), 1, "there is something beside the album");
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let folder = fresh_folder("foreign");
    fs::write(folder.join("letters.txt"), "Dear Ada").unwrap();
    let ended = Program::start("album", &[text(&sample_pictures()), text(&folder)]).end();
    assert_eq!(ended.code, Some(1));
    assert!(ended.lines[0].starts_with("Prepare the folder: "), "{:?}", ended.lines);
    assert!(ended.errors.contains("exists and is no album of mine"), "{}", ended.errors);
    assert_eq!(files_in(&folder), ["letters.txt"]);
}

#[test]
fn a_folder_without_pictures_is_an_error_before_anything_is_done() {
    let folder = fresh_folder("empty");
    let ended = Program::start("album", &[text(&folder), text(&folder.join("album"))]).end();
    assert_eq!((ended.code, ended.lines.len()), (Some(1), 0));
    assert!(ended.errors.contains("there are no pictures in"), "{}", ended.errors);
    assert_eq!(folder.read_dir().unwrap().count(), 0);
}

/// A folder with the sample pictures, in which another program has begun to write the picture of the lake. As long as
/// the file is open, the picture is locked.
fn folder_with_a_busy_picture(name: &str) -> (PathBuf, File) {
    let pictures = fresh_folder(name);
    for (picture, ..) in THUMBNAILS.iter().chain([&("harbour.png", 0, 0)]) {
        fs::copy(sample_pictures().join(picture), pictures.join(picture)).unwrap();
    }
    let lake = File::create(pictures.join("lake.jpg")).unwrap();
    lake.lock().unwrap();
    (pictures, lake)
}

/// When each thumbnail was written.
fn times_of_thumbnails(album: &Path) -> Vec<(String, SystemTime)> {
    let folder = album.join("thumbnails");
    let mut times: Vec<_> = files_in(&folder)
        .into_iter()
        .filter(|file| Path::new(file).extension().is_none_or(|end| end != "part"))
        .map(|file| (file.clone(), folder.join(&file).metadata().unwrap().modified().unwrap()))
        .collect();
    times.sort();
    times
}

#[test]
fn an_album_in_a_store_goes_on_where_it_was_killed() {
    let (pictures, lake) = folder_with_a_busy_picture("killed-pictures");
    let folder = fresh_folder("killed");
    let album = folder.join("album");
    let store = format!("--store=sqlite:{}", folder.join("album.db").display());
    let arguments = [text(&pictures), text(&album), &store];
    let mut program = Program::start("album", &arguments);
    for line in thumbnail_lines().iter().filter(|line| !line.starts_with("lake")) {
        program.wait_for(line);
    }
    program.kill();
    let before = times_of_thumbnails(&folder.join("album.unfinished"));
    assert_eq!(before.len(), THUMBNAILS.len() - 1);

    fs::copy(sample_pictures().join("lake.jpg"), pictures.join("lake.jpg")).unwrap();
    drop(lake);
    let ended = Program::start("album", &arguments).end();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    check_album(&album);
    let mut after = times_of_thumbnails(&album);
    after.retain(|(file, _)| file != "lake.jpg.jpg");
    assert_eq!(before, after, "what was done is not done again");
}

#[test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
fn two_programs_share_an_album() {
    let server = tasktronaut_tests::server::Redis::start().unwrap();
    let folder = fresh_folder("shared");
    let album = folder.join("album");
    let store = format!("--store={}", server.url("album"));
    let helper = Program::start("album", &[text(&sample_pictures()), text(&album), &store, "--help-out"]);
    lines_of("album", &[text(&sample_pictures()), text(&album), &store]);
    check_album(&album);
    // A helper ends in good order.
    helper.press_ctrl_c();
    assert_eq!(helper.end().code, Some(0));
}

const BUSY: &str = "lake.jpg: another program is writing it; trying again";

#[test]
fn a_picture_that_is_being_written_is_waited_for() {
    let (pictures, mut lake) = folder_with_a_busy_picture("busy-pictures");
    let album = fresh_folder("busy").join("album");
    let mut program = Program::start("album", &[text(&pictures), text(&album)]);
    program.wait_for(BUSY);
    let mut whole = File::open(sample_pictures().join("lake.jpg")).unwrap();
    std::io::copy(&mut whole, &mut lake).unwrap();
    drop(lake);
    let ended = program.end();
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""));
    check_album(&album);
}

#[test]
fn ctrl_c_leaves_nothing_unfinished() {
    let (pictures, lake) = folder_with_a_busy_picture("cancelled-pictures");
    let folder = fresh_folder("cancelled");
    let mut program = Program::start("album", &[text(&pictures), text(&folder.join("album"))]);
    program.wait_for(BUSY);
    for line in thumbnail_lines().iter().filter(|line| !line.starts_with("lake")) {
        program.wait_for(line);
    }
    assert_eq!(
        files_in(&folder.join("album.unfinished")).len(),
        THUMBNAILS.len(),
        "seven thumbnails and the mark"
    );
    program.press_ctrl_c();
    let ended = program.end();
    drop(lake);
    assert_eq!(ended.code, Some(130));
    assert!(ended.errors.ends_with("was cancelled: Ctrl-C was pressed\n"), "{}", ended.errors);
    assert_eq!(folder.read_dir().unwrap().count(), 0, "something is left behind");
}
