//! What is wrong with a line that is not TOML, in words that help: the parser tells what it has tried last.

/// How far into the line it is, and what to do about it; nothing where the parser knows better.
pub(super) fn hint(line: &str) -> Option<(usize, String)> {
    let begin = line.len() - line.trim_start().len();
    match line.trim_start().chars().next()? {
        '{' => {
            return Some((
                begin,
                "expected TOML, found JSON; herd.example.toml shows what a config file looks like".into(),
            ));
        }
        ';' | '/' => return Some((begin, "expected # in front of a comment".into())),
        _ => {}
    }
    let (key, rest) = line.split_once(['=', ':'])?;
    let key = key.trim();
    if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        return None;
    }
    let value = rest.split('#').next().unwrap_or_default().trim();
    if !line.contains('=') {
        return Some((begin, format!("expected = between a key and its value, found {:?}", line.trim())));
    }
    let at = line.len() - rest.trim_start().len();
    if value.starts_with('"') && value.matches('"').count() == 1 {
        return Some((at, format!("{key}: expected \" at the end of the text, found {value}")));
    }
    let bare = value.trim_matches(['“', '”', '‘', '’']);
    let is_text = !bare.is_empty() && !bare.starts_with(['"', '\'', '[', '{', '=']);
    let expected = match bare.to_lowercase().as_str() {
        "true" | "false" | "yes" | "no" | "on" => "true or false".to_owned(),
        _ => format!("a text in quotes, as in \"{bare}\""),
    };
    is_text.then(|| (at, format!("{key}: expected {expected}, found {value}")))
}
