//! Vector tiles to SVG and PNG: a tile server, an AWS Lambda function and a command-line tool.
//!
//! The walk of a tile, each stage a module: a door ([`server`], [`lambda`], [`cli`]) makes a [`request`] of what it got;
//! the [`tiler`] looks into the [`cache`], else has the [`source`] fetch the tiles that the [`viewport`] needs;
//! [`mvt`] decodes them; the [`style`] is evaluated for each feature while the [`scene`] is built, a display list;
//! [`output`] writes it as SVG, pixels or JSON; the picture goes into the cache and leaves as a [`response`].
//!
//! Modules stand here from the bottom up: each uses only those before it (`tests/layering.rs`).

pub mod error;
pub mod limits;

pub mod bitmap;
pub mod bounded;
pub mod clip;
pub mod digest;
pub mod file;
pub mod format;
pub mod language;
pub mod logging;
pub mod runtime;
pub mod spare;
pub mod tile;
pub mod value;
pub mod viewport;

pub mod flight;
pub mod mvt;
pub mod page;
pub mod request;
pub mod response;
pub mod sprite;
pub mod style;
pub mod text;

pub mod cache;
pub mod scene;
pub mod source;

pub mod assets;
pub mod output;

pub mod tiler;

pub mod server;
pub mod settings;

pub mod lambda;

pub mod cli;
