//! Data flows one way: a module uses only modules of earlier rows, and within a row only where an arrow says so.
//!
//! Every `crate::` path counts, in `use` lines and elsewhere, and every `super::` path that leaves its module.

use std::fs;
use std::path::{Path, PathBuf};

/// The rows; `a -> b` lets `b` use `a` within its row.
const ROWS: [&str; 9] = [
    "limits error",
    "tile -> viewport | value -> language | bitmap | bounded | clip | format | digest | file | logging | runtime | spare",
    "request | response | mvt | sprite -> text -> style | flight | page",
    "source | cache | scene",
    "output | assets",
    "tiler",
    "server -> settings",
    "lambda",
    "cli | main | lib",
];

/// A module's row, and its place within its arrows.
fn place(module: &str) -> Option<(usize, usize, usize)> {
    ROWS.iter().enumerate().find_map(|(row, text)| {
        let groups = text.split('|').flat_map(|group| match group.contains("->") {
            true => vec![group],
            false => group.split_whitespace().collect(),
        });
        groups.enumerate().find_map(|(i, group)| {
            let position = group.split("->").position(|name| name.trim() == module)?;
            Some((row, i, position))
        })
    })
}

fn allowed(from: &str, to: &str) -> bool {
    let (from_place, to_place) = (place(from), place(to));
    let (Some(from_place), Some(to_place)) = (from_place, to_place) else {
        panic!("{from} or {to} stands in no row: put it into the table")
    };
    let same_group = (from_place.0, from_place.1) == (to_place.0, to_place.1);
    from == to || to_place.0 < from_place.0 || (same_group && to_place.2 < from_place.2)
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The names that follow `prefix` in the text; of `prefix{a, b::c}`, both.
fn named(text: &str, prefix: &str) -> Vec<String> {
    let ident = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(group.split(['}', ';']).next().unwrap().split(',').map(|s| ident(s.trim()))),
            None => names.push(ident(rest)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.strip_suffix(".rs").unwrap_or(first);
        let text = fs::read_to_string(&file).unwrap();
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let mut used = named(&code, "crate::");
        // Only from a module's own root does `super` lead to another module.
        if relative.components().count() == 1 || (relative.ends_with("mod.rs") && relative.components().count() == 2) {
            used.extend(named(&code, "super::"));
        }
        for name in used {
            seen += 1;
            if place(&name).is_none() {
                wrong.push(format!("{}: {name} stands in no row", relative.display()));
            } else if !allowed(module, &name) {
                wrong.push(format!("{}: {module} uses {name}, which is not below it", relative.display()));
            }
        }
    }
    assert!(seen > 100, "only {seen} paths were found: this test reads the wrong files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_stands_in_one_row() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    for module in named(&lib, "pub mod ") {
        assert!(place(&module).is_some(), "{module} stands in no row");
        let rows = ROWS.iter().filter(|row| row.split([' ', '|', '>', '-']).any(|name| name == module)).count();
        assert_eq!(rows, 1, "{module}");
    }
}
