//! One piece of work under way, however many ask for it.

use crate::error::Result;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

type Work<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

/// Work whose result several callers share. Whoever is polled drives it; when every caller has gone, it is dropped
/// and so aborted.
pub(super) struct SingleFlight<T>(RefCell<Weak<Flight<T>>>);

struct Flight<T> {
    state: RefCell<State<T>>,
    /// Everybody who waits.
    callers: RefCell<Vec<Waker>>,
}

enum State<T> {
    UnderWay(Work<T>),
    Landed(Result<T>),
}

/// A caller that goes early may be the one that the work would wake: then another has to drive it on.
struct Caller<T>(Rc<Flight<T>>);

impl<T> Drop for Caller<T> {
    fn drop(&mut self) {
        self.0.callers.take().into_iter().for_each(Waker::wake);
    }
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: Clone> SingleFlight<T> {
    /// Joins the work under way, or begins it.
    pub(super) async fn run(&self, work: Work<T>) -> Result<T> {
        let known = self.0.borrow().upgrade();
        let under_way = known.filter(|flight| matches!(*flight.state.borrow(), State::UnderWay(_)));
        let caller = Caller(under_way.unwrap_or_else(|| {
            let state = RefCell::new(State::UnderWay(work));
            let flight = Rc::new(Flight { state, callers: RefCell::default() });
            *self.0.borrow_mut() = Rc::downgrade(&flight);
            flight
        }));
        poll_fn(|context| {
            let mut state = caller.0.state.borrow_mut();
            if let State::UnderWay(work) = &mut *state {
                match work.as_mut().poll(context) {
                    Poll::Ready(result) => *state = State::Landed(result),
                    Poll::Pending => caller.0.callers.borrow_mut().push(context.waker().clone()),
                }
            }
            match &*state {
                State::Landed(result) => Poll::Ready(result.clone()),
                State::UnderWay(_) => Poll::Pending,
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorCode};
    use std::cell::Cell;
    use std::task::Context;

    /// Work that waits until it is let go; a real one would keep only the waker of its last poll, and so does this.
    #[derive(Clone, Default)]
    struct Gate(Rc<(Cell<bool>, RefCell<Option<Waker>>)>);

    impl Gate {
        fn work(&self) -> Work<u8> {
            let gate = self.clone();
            Box::pin(poll_fn(move |context| {
                *gate.0.1.borrow_mut() = Some(context.waker().clone());
                if gate.0.0.get() { Poll::Ready(Ok(7)) } else { Poll::Pending }
            }))
        }

        fn open(&self) {
            self.0.0.set(true);
            self.0.1.take().unwrap().wake();
        }
    }

    struct Woken(std::sync::atomic::AtomicUsize);

    impl std::task::Wake for Woken {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }

    fn waker() -> (std::sync::Arc<Woken>, Waker) {
        let woken = std::sync::Arc::new(Woken(0.into()));
        (std::sync::Arc::clone(&woken), Waker::from(woken))
    }

    #[test]
    fn callers_share_one_piece_of_work_and_the_next_begins_another() {
        let (flight, gate, begun) = (SingleFlight::default(), Gate::default(), Rc::new(Cell::new(0)));
        let call = || {
            let (gate, begun) = (gate.clone(), Rc::clone(&begun));
            Box::pin(flight.run(Box::pin(async move {
                begun.set(begun.get() + 1);
                gate.work().await
            })))
        };
        let (mut first, mut second) = (call(), call());
        let (_, waker) = waker();
        let context = &mut Context::from_waker(&waker);
        assert!(first.as_mut().poll(context).is_pending() && second.as_mut().poll(context).is_pending());
        assert_eq!(begun.get(), 1);
        gate.open();
        assert_eq!(first.as_mut().poll(context), Poll::Ready(Ok(7)));
        assert_eq!(second.as_mut().poll(context), Poll::Ready(Ok(7)));
        assert_eq!(call().as_mut().poll(context), Poll::Ready(Ok(7)));
        assert_eq!(begun.get(), 2);
    }

    #[test]
    fn rx_03_a_caller_that_goes_does_not_leave_the_others_asleep() {
        let (flight, gate) = (SingleFlight::default(), Gate::default());
        let mut stays = Box::pin(flight.run(gate.work()));
        let mut goes = Box::pin(flight.run(gate.work()));
        let ((woken, waker), (_, other)) = (waker(), waker());
        assert!(stays.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(goes.as_mut().poll(&mut Context::from_waker(&other)).is_pending());
        drop(goes);
        assert_eq!(woken.0.load(std::sync::atomic::Ordering::Relaxed), 1, "the one that stays drives on");
        assert!(stays.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        gate.open();
        assert_eq!(woken.0.load(std::sync::atomic::Ordering::Relaxed), 2);
        assert_eq!(stays.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(Ok(7)));
    }

    #[test]
    fn work_that_nobody_waits_for_is_dropped() {
        let flight = SingleFlight::<u8>::default();
        let alive = Rc::new(());
        let held = Rc::clone(&alive);
        let mut call = Box::pin(flight.run(Box::pin(async move {
            let _held = held;
            std::future::pending().await
        })));
        let (_, waker) = waker();
        assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(Rc::strong_count(&alive), 2);
        drop(call);
        assert_eq!(Rc::strong_count(&alive), 1);
    }

    #[test]
    fn a_failure_is_shared_too() {
        let flight = SingleFlight::<u8>::default();
        let mut call = Box::pin(flight.run(Box::pin(async { Err(Error::new(ErrorCode::Timeout)) })));
        let (_, waker) = waker();
        assert_eq!(call.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(Err(ErrorCode::Timeout.into())));
    }
}
