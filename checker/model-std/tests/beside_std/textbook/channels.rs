//! `std::sync::mpsc`.

use std::sync::mpsc::{self, TryRecvError, TrySendError};
use std::thread;

use super::say;

pub fn channels() -> Vec<String> {
    let (sender, receiver) = mpsc::channel();
    for number in [1, 2] {
        let sender = sender.clone();
        thread::spawn(move || sender.send(number).unwrap());
    }
    drop(sender);
    let mut numbers: Vec<i32> = receiver.iter().collect();
    numbers.sort_unstable();
    let (sender, receiver) = mpsc::channel();
    let empty = receiver.try_recv();
    (1..=3).for_each(|number| sender.send(number).unwrap());
    let first = receiver.recv();
    let waiting: Vec<i32> = receiver.try_iter().collect();
    sender.send(4).unwrap();
    drop(sender);
    let rest: Vec<i32> = receiver.into_iter().collect();
    vec![say(numbers), say((empty, first, waiting, rest))]
}

pub fn channels_that_end() -> Vec<String> {
    let (sender, receiver) = mpsc::channel();
    drop(receiver);
    let refused = sender.send("back").unwrap_err();
    let (sender, receiver) = mpsc::channel::<u8>();
    let closer = thread::spawn(move || drop(sender));
    let nothing = receiver.recv();
    closer.join().unwrap();
    let errors = (
        receiver.try_recv(),
        TryRecvError::Empty.to_string(),
        mpsc::RecvError.to_string(),
    );
    vec![
        say((&refused, refused.to_string(), refused.0)),
        say((nothing, errors)),
        say(&receiver),
    ]
}

pub fn bounded_channels() -> Vec<String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    sender.send(1).unwrap();
    let full = matches!(sender.try_send(2), Err(TrySendError::Full(2)));
    let producer = thread::spawn(move || (2..=3).for_each(|number| sender.send(number).unwrap()));
    let mut numbers = Vec::new();
    for number in &receiver {
        numbers.push(number);
    }
    producer.join().unwrap();
    let (sender, receiver) = mpsc::sync_channel(0);
    let meets = thread::spawn(move || receiver.recv());
    let sent = sender.send("hand over");
    let met = meets.join().unwrap();
    vec![
        say((full, numbers, sent, met)),
        say(sender.try_send("late")),
    ]
}
