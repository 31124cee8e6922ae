//! Small words of the report.

pub(super) use verdict::render::count;

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    let items: Vec<S> = items.into_iter().collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// The same in code marks.
pub(super) fn codes<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    list(items.into_iter().map(|item| format!("`{item}`")))
}

/// `once`, `twice`, `3 times`.
pub(super) fn times(number: usize) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// `first`, `second`, …, `13th`: an attempt counted from 0.
pub(super) fn ordinal(number: usize) -> String {
    const WORDS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];
    match (WORDS.get(number), number + 1) {
        (Some(word), _) => (*word).to_owned(),
        (None, number) => {
            let ending = match (number % 10, number % 100) {
                (_, 11..=13) => "th",
                (1, _) => "st",
                (2, _) => "nd",
                (3, _) => "rd",
                _ => "th",
            };
            format!("{number}{ending}")
        }
    }
}

/// `7:05`, `1:12:40`: milliseconds on the session's clock.
pub(crate) fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A sentence that a message begins with, ending in a full stop.
pub(super) fn first_sentence(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let end = line.find(". ").map_or(line.len(), |end| end + 1);
    full_stop(&line[..end])
}

/// The text with a full stop at its end, if it has none.
pub(super) fn full_stop(text: &str) -> String {
    let text = text.trim_end_matches([' ', ':', ',', ';']);
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_as_people_put_them() {
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert_eq!([count(1, "gap"), count(2, "gap")], ["1 gap", "2 gaps"]);
        assert_eq!(
            [0, 2, 10, 20, 21, 111].map(ordinal),
            ["first", "third", "11th", "21st", "22nd", "112th"]
        );
        assert_eq!([clock(61_999), clock(3_600_000)], ["1:01", "1:00:00"]);
        assert_eq!(first_sentence("It ran twice. Then:\nmore"), "It ran twice.");
        assert_eq!(first_sentence("left: 1, right:"), "left: 1, right.");
    }
}
