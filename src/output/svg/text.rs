//! Text from strangers in XML.

/// Text for XML: markup escaped, and without the characters that XML 1.0 (2.2) has no way to write.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{20}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}' => out.push(c),
            _ => {}
        }
    }
    out
}

/// The text of HTML: links that only a space separates become a list.
pub fn text_of(html: &str) -> String {
    let (before, tagged) = html.split_once('<').unwrap_or((html, ""));
    let mut text = before.to_string();
    for piece in tagged.split('<').map(|piece| piece.split_once('>').map_or("", |(_, text)| text)) {
        let separates = !piece.is_empty() && piece.trim().is_empty() && !text.is_empty();
        text.push_str(if separates { ", " } else { piece });
    }
    text.replace("&copy;", "©").replace("&amp;", "&").trim().to_string()
}
