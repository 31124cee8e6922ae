
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgent_first_and_then_first_come_first_served() {
        let mut scheduler = Scheduler::new();
        let late = scheduler.submit("late", 1, || Ok(()));
        let first = scheduler.submit("first", 255, || Ok(()));
        let second = scheduler.submit("second", 255, || Ok(()));
        assert_eq!(scheduler.run_next(), Some(first));
        assert_eq!(scheduler.run_next(), Some(second));
        assert_eq!(scheduler.run_next(), Some(late));
        assert_eq!(scheduler.run_next(), None);
    }

    #[test]
    fn a_panic_stops_nobody() {
        let mut scheduler = Scheduler::new();
        scheduler.submit("bad", 1, || panic!("no"));
        scheduler.submit("good", 0, || Ok(()));
        assert_eq!(scheduler.run_all(), 2);
    }
}
