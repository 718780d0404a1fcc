//! The first of two pieces of work. The crate `futures-util` would do; these few lines are a twentieth of its size in wasm.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Which of two came first.
pub(crate) enum Either<A, B> {
    /// The first.
    Left(A),
    /// The second.
    Right(B),
}

/// The one that ends first; the first of them where both have ended. The other is dropped by the caller.
pub(crate) async fn race<A: Future + ?Sized, B: Future>(
    mut a: Pin<&mut A>,
    mut b: Pin<&mut B>,
) -> Either<A::Output, B::Output> {
    poll_fn(|context| match a.as_mut().poll(context) {
        Poll::Ready(a) => Poll::Ready(Either::Left(a)),
        Poll::Pending => b.as_mut().poll(context).map(Either::Right),
    })
    .await
}
