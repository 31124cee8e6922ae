//! `std::time`, and the times of files.

use super::std;

use std::fs;
use std::io;
use std::thread;
use std::time::{
    Duration, Instant, SystemTime, SystemTimeError, TryFromFloatSecsError, UNIX_EPOCH,
};

fn modified(path: &str) -> io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

snippets! { EVERYWHERE:
    files_have_system_times => {
        let seen: SystemTime = modified("Cargo.toml").unwrap();
        let now = SystemTime::now();
        (now > seen, seen > UNIX_EPOCH, now.duration_since(seen).is_ok(), seen.elapsed().is_ok())
    }
    files_are_given_system_times => {
        let times = fs::FileTimes::new().set_modified(SystemTime::now()).set_accessed(UNIX_EPOCH);
        format!("{times:?}").is_empty()
    }
    the_newest_of_some_files => {
        let newest = ["Cargo.toml", "build.rs"].into_iter().filter_map(|path| modified(path).ok()).max();
        newest.is_some_and(|newest| newest <= SystemTime::now())
    }
    the_time_of_day_goes_on => {
        let start = SystemTime::now();
        thread::sleep(Duration::from_millis(3));
        let passed = start.elapsed().unwrap();
        (passed >= Duration::from_millis(3), SystemTime::now() > start)
    }
    both_clocks_go_on_together => {
        let (day, instant) = (SystemTime::now(), Instant::now());
        thread::sleep(Duration::from_millis(5));
        let (by_day, by_instant) = (day.elapsed().unwrap(), instant.elapsed());
        by_day.abs_diff(by_instant) < Duration::from_secs(1)
    }
    it_is_later_than_2020 => {
        const YEAR: u64 = 31_557_600;
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() > 50 * YEAR
    }
    other_threads_see_the_same_time => {
        let start = SystemTime::now();
        thread::spawn(move || SystemTime::now() >= start && start.elapsed().is_ok()).join().unwrap()
    }
    a_deadline_of_the_day_is_reached => {
        let deadline = SystemTime::now() + Duration::from_millis(4);
        let mut rounds = 0;
        while SystemTime::now() < deadline {
            thread::sleep(Duration::from_millis(1));
            rounds += 1;
        }
        rounds > 0
    }
    arithmetic => {
        let mut time = UNIX_EPOCH + Duration::from_secs(5);
        time += Duration::from_secs(1);
        time -= Duration::from_secs(2);
        let error: SystemTimeError = UNIX_EPOCH.duration_since(time).unwrap_err();
        (time, error.duration(), error.to_string(), time.checked_sub(Duration::MAX), SystemTime::UNIX_EPOCH == UNIX_EPOCH)
    }
    instants => {
        let start = Instant::now();
        let mut later = start + Duration::from_millis(5);
        later += Duration::from_millis(1);
        later -= Duration::from_millis(2);
        (later - start, start - later, later.checked_duration_since(start), start.checked_duration_since(later),
         start.saturating_duration_since(later), later.duration_since(start), later - Duration::from_millis(4) == start,
         start.checked_add(Duration::MAX).is_none())
    }
    durations => {
        let error: TryFromFloatSecsError = Duration::try_from_secs_f64(-1.0).unwrap_err();
        (Duration::MAX, Duration::ZERO, error.to_string(), Duration::from_secs(3).checked_div(2))
    }
}
