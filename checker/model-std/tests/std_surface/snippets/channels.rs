//! `std::sync::mpsc`.

use super::std;

use std::error::Error;
use std::sync::mpsc::{
    self, IntoIter, Iter, Receiver, RecvError, RecvTimeoutError, SendError, Sender, SyncSender,
    TryIter, TryRecvError, TrySendError, channel, sync_channel,
};
use std::thread;
use std::time::Duration;

snippets! { EVERYWHERE:
    iterators => {
        let (sender, receiver): (Sender<u8>, Receiver<u8>) = channel();
        for n in 0..6 { sender.send(n).unwrap(); }
        drop(sender);
        let first: Iter<'_, u8> = receiver.iter();
        let first: Vec<u8> = first.take(2).collect();
        let tried: TryIter<'_, u8> = receiver.try_iter();
        let tried: Vec<u8> = tried.take(1).collect();
        let by_reference: Vec<u8> = (&receiver).into_iter().take(1).collect();
        let rest: IntoIter<u8> = receiver.into_iter();
        (first, tried, by_reference, rest.sum::<u8>())
    }
    printed => {
        let (sender, receiver) = channel::<u8>();
        let (bounded, _other) = sync_channel::<u8>(1);
        let halves = format!("{sender:?} {bounded:?} {receiver:?} {:?}", sender.clone());
        let borrowed = format!("{:?} {:?}", receiver.iter(), receiver.try_iter());
        (halves, borrowed, format!("{:#?}", receiver.into_iter()))
    }
    senders_with_many_owners => {
        let (sender, receiver) = channel();
        let senders = vec![sender.clone(), sender];
        let threads: Vec<_> = senders.into_iter().map(|sender| thread::spawn(move || sender.send(1))).collect();
        for thread in threads { thread.join().unwrap().unwrap(); }
        receiver.into_iter().sum::<i32>()
    }
    senders_are_shared => {
        let (sender, receiver) = sync_channel(2);
        thread::scope(|scope| {
            scope.spawn(|| sender.send(1));
            sender.send(1).unwrap();
        });
        drop::<SyncSender<i32>>(sender);
        receiver.iter().count()
    }
    errors_are_told => {
        let (sender, receiver) = channel();
        let empty = (receiver.try_recv(), receiver.recv_timeout(Duration::from_millis(1)));
        drop::<Sender<u8>>(sender);
        let gone = (receiver.try_recv(), receiver.recv(), receiver.recv_timeout(Duration::ZERO));
        let (bounded, receiver) = sync_channel(1);
        bounded.try_send(1).unwrap();
        let full = bounded.try_send(2);
        drop(receiver);
        (empty, gone, full, bounded.try_send(3), bounded.send(4))
    }
    errors_are_errors => {
        let errors: Vec<Box<dyn Error>> = vec![
            Box::new(SendError(1)), Box::new(RecvError), Box::new(TryRecvError::Empty),
            Box::new(TryRecvError::Disconnected), Box::new(RecvTimeoutError::Timeout),
            Box::new(RecvTimeoutError::Disconnected), Box::new(TrySendError::Full(1)),
            Box::new(TrySendError::Disconnected(1)),
        ];
        errors.iter().map(|error| format!("{error} {error:?}")).collect::<Vec<_>>()
    }
    errors_are_converted => {
        fn sends(sender: &SyncSender<u8>) -> Result<(), TrySendError<u8>> { Ok(sender.send(1)?) }
        fn receives(receiver: &Receiver<u8>) -> Result<u8, TryRecvError> { Ok(receiver.recv()?) }
        let (sender, receiver) = mpsc::sync_channel(1);
        (sends(&sender), receives(&receiver), { drop(sender); receives(&receiver) })
    }
}
