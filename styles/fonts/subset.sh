#!/bin/sh
# Makes the fonts beside it from those of Debian's package fonts-noto-core (20201225-1). Needs pyftsubset of fonttools
# 4.68.0; `PYFTSUBSET` names another than the one in the path.
set -eu
cd "$(dirname "$0")"

# What shaping reads, for letters that join (Arabic) and marks that stack; no small capitals, fractions and the like.
features=ccmp,locl,kern,liga,mark,mkmk
cursive=$features,calt,curs,fina,init,isol,medi,rclt,rlig

# Latin with Vietnamese and the modifier letters of names, Greek, Cyrillic, marks, punctuation, the signs of names.
european=U+0020-007E,U+00A0-024F,U+0259,U+02B0-02DD,U+0300-036F,U+0370-03FF,U+0400-052F,U+1E00-1EFF,U+2000-206F
european=$european,U+2070-209F,U+20A0-20BF,U+2103,U+2113,U+2116,U+2117,U+2120,U+2122,U+2126,U+215B-215E,U+2212,U+25CC
# The signs that Arabic and Hebrew names share with Latin ones are taken from Noto Sans.
arabic=U+0020,U+00A0,U+0600-06FF,U+0750-077F,U+200C-200F,U+25CC
hebrew=U+0020,U+00A0,U+0590-05FF,U+200C-200F,U+20AA,U+25CC,U+FB1D-FB4F

cut() {
    "${PYFTSUBSET:-pyftsubset}" "/usr/share/fonts/truetype/noto/$1.ttf" --output-file="$1.ttf" --unicodes="$2" \
        --layout-features="$3" --no-hinting --no-glyph-names --name-IDs=0,1,2,13,14,16,17 \
        --no-recalc-timestamp
}

# Polytonic Greek is found by fallback in the other styles.
cut NotoSans-Regular "$european,U+1F00-1FFF" "$features"
cut NotoSans-Bold "$european" "$features"
cut NotoSans-Italic "$european" "$features"
cut NotoSansArabic-Regular "$arabic" "$cursive"
cut NotoSansArabic-Bold "$arabic" "$cursive"
cut NotoSansHebrew-Regular "$hebrew" "$features"
cut NotoSansHebrew-Bold "$hebrew" "$features"
