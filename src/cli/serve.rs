//! `rasterzen serve`: the tile server.

use crate::error::Error;
use crate::runtime;
use crate::server::{App, serve};
use crate::settings::{Drawing, Place, Serving};
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Serve tiles over HTTP
#[derive(Args)]
#[command(after_help = "\
Examples:
  rasterzen serve
  rasterzen serve --listen 127.0.0.1:8081 --style light --cache memory:64MiB --cache ./tiles
  rasterzen serve --source 'https://tiles.example.com/{z}/{x}/{y}.mvt' --source-maxzoom 14")]
pub struct Serve {
    /// The address to listen on
    #[arg(long, env = "RASTERZEN_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: String,
    #[command(flatten)]
    drawing: Drawing,
    #[command(flatten)]
    serving: Serving,
}

pub fn run(settings: Serve) -> Result<(), Error> {
    runtime::start()?.block_on(async {
        let maps = settings.drawing.open_maps(Place::Here).await?;
        let app = App::new(settings.serving.tiler(maps, Place::Here)?, settings.serving.options()?);
        let listen = &settings.listen;
        let listener = TcpListener::bind(listen).await.map_err(|e| {
            let hint = "name a free address with --listen, for example 127.0.0.1:8081";
            Error::misconfigured(format!("{listen} cannot be listened on: {e}"), hint)
        })?;
        let address = listener.local_addr().map_err(|e| Error::internal(e.to_string()))?;
        let base = format!("http://{address}{}", app.options.base_path);
        // Monaco, where the sample map has detail.
        println!("the map:  {base}/");
        println!("a tile:   {base}/png/14/8529/5974.png");
        println!("TileJSON: {base}/tilejson.json");
        serve(app, listener, stop()).await;
        Ok(())
    })
}

/// Done when the process is told to end.
async fn stop() {
    let wait = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = wait(SignalKind::terminate()) => {}
        () = wait(SignalKind::interrupt()) => {}
    }
}
