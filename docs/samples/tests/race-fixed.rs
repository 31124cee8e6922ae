
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_workers_share_a_hundred_tasks() {
        let scheduler = Scheduler::new(1);
        for number in 0..100 {
            scheduler.submit(format!("task {number}"), || Ok(()));
        }
        scheduler.run(2);
        assert_eq!(scheduler.stats().succeeded, 100);
    }
}
