#!/bin/sh
# Makes NotoSans-Latin.ttf: Noto Sans of Debian's fonts-noto-core, cut down to Latin letters, digits and signs. Needs
# pyftsubset of fonttools 4.68.0.
set -eu
cd "$(dirname "$0")"
pyftsubset /usr/share/fonts/truetype/noto/NotoSans-Regular.ttf \
    --output-file=NotoSans-Latin.ttf \
    --unicodes=U+0020-007E,U+00A0-017F,U+0218-021B,U+1E9E,U+2010-2015,U+2018-201E,U+2020-2022,U+2026,U+2030,U+2039,U+203A,U+20AC,U+2117,U+2122,U+2212 \
    --layout-features= --no-hinting --desubroutinize --notdef-outline --name-IDs='*' --no-recalc-timestamp
