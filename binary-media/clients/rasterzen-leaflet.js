// Leaflet tiles asked for with `Accept: image/png`, which an <img> cannot say.
//
// Who has a gateway that tells pictures from text by this header alone needs it (a REST API whose binary media types
// are only image/png), and so does who shows the PNG of a path that else is SVG. Everyone else takes L.tileLayer.
//
//     L.tileLayer.rasterzen("https://host/svg/{z}/{x}/{y}.svg", { maxZoom: 20 }).addTo(map);
//
// Options are those of L.TileLayer, and `accept`. A tile that fails fires `tileerror`; its `error` has the `status` of
// the answer and the `problem` that the server told, an object with `detail` and `hint`.

L.TileLayer.Rasterzen = L.TileLayer.extend({
  options: {
    accept: "image/png",
  },

  initialize(url, options) {
    L.TileLayer.prototype.initialize.call(this, url, options);
    this.on("tileunload tileabort", ({ tile }) => tile.giveUp());
  },

  createTile(coords, done) {
    const tile = document.createElement("img");
    tile.alt = "";
    const abort = new AbortController();
    tile.giveUp = () => abort.abort();
    this._show(tile, this.getTileUrl(coords), abort.signal).then(
      () => done(null, tile),
      (error) => abort.signal.aborted || done(error, tile),
    );
    return tile;
  },

  async _show(tile, url, signal) {
    const answer = await fetch(url, { headers: { Accept: this.options.accept }, signal });
    if (!answer.ok) throw await failure(answer);
    const blobUrl = URL.createObjectURL(await answer.blob());
    try {
      tile.src = blobUrl;
      await tile.decode();
    } finally {
      // The picture is decoded, or never will be.
      URL.revokeObjectURL(blobUrl);
    }

    async function failure(answer) {
      const problem = await answer.json().catch(() => ({}));
      return Object.assign(new Error(problem.detail ?? `status ${answer.status}`), { status: answer.status, problem });
    }
  },
});

L.tileLayer.rasterzen = (url, options) => new L.TileLayer.Rasterzen(url, options);
