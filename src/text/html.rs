//! The text of HTML, as attributions are written in.

/// The text without tags, with the common references resolved and white space run together. Links that only a space
/// separates become a list.
pub fn plain(html: &str) -> String {
    let (before, tagged) = html.split_once('<').unwrap_or((html, ""));
    let mut text = before.to_string();
    for piece in tagged.split('<').map(|piece| piece.split_once('>').map_or("", |(_, text)| text)) {
        let separates = !piece.is_empty() && piece.trim().is_empty() && !text.is_empty();
        text.push_str(if separates { ", " } else { piece });
    }
    resolved(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text with its character references resolved, once each; what is none stays.
fn resolved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let reference = after.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        let (c, after) = reference.unwrap_or(('&', after));
        out.push(c);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32);
    }
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "copy" => Some('©'),
        "reg" => Some('®'),
        "trade" => Some('™'),
        "middot" => Some('·'),
        "ndash" => Some('–'),
        "mdash" => Some('—'),
        _ => None,
    }
}
