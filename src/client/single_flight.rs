//! One piece of work under way, however many ask for it.

use crate::error::Result;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

type Work<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

/// Work whose result several callers share. Whoever is polled drives it; when every caller has gone, it is dropped
/// and so aborted.
pub(super) struct SingleFlight<T>(RefCell<Weak<RefCell<Flight<T>>>>);

enum Flight<T> {
    UnderWay(Work<T>, Arc<Callers>),
    Landed(Result<T>),
}

/// Everybody who waits is woken, because any of them may have gone.
#[derive(Default)]
struct Callers(Mutex<Vec<Waker>>);

impl Callers {
    fn add(&self, caller: &Waker) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(caller.clone());
    }
}

impl Wake for Callers {
    fn wake(self: Arc<Self>) {
        let callers = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        callers.into_iter().for_each(Waker::wake);
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
        let under_way = self.0.borrow().upgrade().filter(|flight| matches!(*flight.borrow(), Flight::UnderWay(..)));
        let flight = under_way.unwrap_or_else(|| {
            let flight = Rc::new(RefCell::new(Flight::UnderWay(work, Arc::default())));
            *self.0.borrow_mut() = Rc::downgrade(&flight);
            flight
        });
        poll_fn(|context| {
            let mut state = flight.borrow_mut();
            let (result, callers) = match &mut *state {
                Flight::Landed(result) => return Poll::Ready(result.clone()),
                Flight::UnderWay(work, callers) => {
                    callers.add(context.waker());
                    let waker = Waker::from(Arc::clone(callers));
                    match work.as_mut().poll(&mut Context::from_waker(&waker)) {
                        Poll::Ready(result) => (result, waker),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            };
            *state = Flight::Landed(result.clone());
            drop(state);
            callers.wake();
            Poll::Ready(result)
        })
        .await
    }
}
