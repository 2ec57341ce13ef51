//! The album's page.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cover;
use crate::folder::{AlbumFolder, THUMBNAILS, thumbnail_name};
use crate::pictures::file_name;

const STYLE: &str = include_str!("style.css");

/// The widths in which the page shows the cover.
pub const COVER_WIDTHS: [u32; 2] = [600, 1200];

/// The page with the pictures that have a thumbnail, and the names of those that have none.
pub fn html(title: &str, pictures: &[PathBuf], folder: &AlbumFolder) -> io::Result<String> {
    let (shown, left_out): (Vec<_>, Vec<_>) =
        pictures.iter().partition(|picture| folder.thumbnail(picture).exists());
    let figures: io::Result<Vec<String>> = shown.iter().map(|picture| figure(picture, folder)).collect();
    let (title, count) = (escape(title), shown.len());
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n{}<h1>{title}</h1>\n<p>{}</p>\n</header>\n<main>\n{}</main>\n{}</body>\n</html>\n",
        cover_image(folder),
        if count == 1 { "1 picture".to_owned() } else { format!("{count} pictures") },
        figures?.concat(),
        footer(&left_out),
    ))
}

/// One picture: its thumbnail, its name, and the size of the original.
fn figure(picture: &Path, folder: &AlbumFolder) -> io::Result<String> {
    let (width, height) = dimensions(&folder.thumbnail(picture))?;
    let (full_width, full_height) = dimensions(picture)?;
    let kibibytes = fs::metadata(picture)?.len().div_ceil(1024);
    let (caption, address) = (escape(&caption(picture)), address(&thumbnail_name(picture)));
    let ratio = f64::from(width) / f64::from(height);
    Ok(format!(
        "<figure style=\"--ratio: {ratio:.3}\">\n\
         <img src=\"{THUMBNAILS}/{address}\" width=\"{width}\" height=\"{height}\" alt=\"{caption}\">\n\
         <figcaption>{caption} <span>{full_width} × {full_height}, {kibibytes} KiB</span></figcaption>\n\
         </figure>\n"
    ))
}

/// The cover, if one was drawn.
fn cover_image(folder: &AlbumFolder) -> String {
    let [small, large] = COVER_WIDTHS.map(cover::file_name);
    if !folder.path(&large).exists() {
        return String::new();
    }
    let [narrow, wide] = COVER_WIDTHS;
    format!("<img src=\"{large}\" srcset=\"{small} {narrow}w, {large} {wide}w\" width=\"{wide}\" alt=\"\">\n")
}

fn footer(left_out: &[&PathBuf]) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let names: Vec<_> = left_out.iter().map(|picture| escape(&file_name(picture))).collect();
    format!("<footer>Left out, because unreadable: {}</footer>\n", names.join(", "))
}

fn dimensions(picture: &Path) -> io::Result<(u32, u32)> {
    image::image_dimensions(picture).map_err(io::Error::other)
}

/// `autumn_leaves.jpg` is called "Autumn leaves".
fn caption(picture: &Path) -> String {
    let name = picture.file_stem().unwrap_or_default().to_string_lossy().replace(['_', '-'], " ");
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A text within HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A file's name within an address.
fn address(name: &str) -> String {
    let encoded = name.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    encoded.collect()
}
