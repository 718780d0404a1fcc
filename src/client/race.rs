//! Two pieces of work at once. The crate `futures-util` would do; these few lines are a twentieth of its size in wasm.

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

/// Both results, when both have ended.
pub(crate) async fn both<A: Future, B: Future>(mut a: Pin<&mut A>, mut b: Pin<&mut B>) -> (A::Output, B::Output) {
    let (mut left, mut right) = (None, None);
    poll_fn(|context| {
        if left.is_none()
            && let Poll::Ready(a) = a.as_mut().poll(context)
        {
            left = Some(a);
        }
        if right.is_none()
            && let Poll::Ready(b) = b.as_mut().poll(context)
        {
            right = Some(b);
        }
        match (left.take(), right.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (left, right) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}
