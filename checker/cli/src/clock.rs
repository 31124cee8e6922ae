//! Time of day, for people and for file names. All of it is UTC: a journal may
//! be copied between machines.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds of a day.
pub const DAY: u64 = 24 * 60 * 60;

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// `2026-01-31 17:05`.
pub fn minute(at: u64) -> String {
    stamp(at).chars().take(16).collect::<String>()
}

/// `2026-01-31T17-05-09Z`, which every file system takes as a name.
pub fn file_name(at: u64) -> String {
    stamp(at).replace(' ', "T").replace(':', "-") + "Z"
}

/// `2026-01-31 17:05:09`.
fn stamp(at: u64) -> String {
    // The last second of the year 9999, which is as far as the format goes.
    const LAST: u64 = 253_402_300_799;
    let time = UNIX_EPOCH + Duration::from_secs(at.min(LAST));
    let text = humantime::format_rfc3339_seconds(time).to_string();
    text.trim_end_matches('Z').replace('T', " ")
}

/// How long ago, in the largest unit that fits: `3 days ago`.
pub fn ago(at: u64, now: u64) -> String {
    let seconds = now.saturating_sub(at);
    let (number, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..DAY => (seconds / 3_600, "hour"),
        _ => (seconds / DAY, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_as_a_person_and_as_a_file_system_reads_it() {
        assert_eq!(minute(1_700_000_000), "2023-11-14 22:13");
        assert_eq!(file_name(1_700_000_000), "2023-11-14T22-13-20Z");
        assert_eq!(minute(u64::MAX), "9999-12-31 23:59");
    }

    #[test]
    fn how_long_ago() {
        assert_eq!(ago(100, 159), "just now");
        assert_eq!(ago(0, 61), "1 minute ago");
        assert_eq!(ago(0, 2 * DAY), "2 days ago");
        assert_eq!(ago(10, 0), "just now");
    }
}
