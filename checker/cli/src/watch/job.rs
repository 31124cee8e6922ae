//! Grading in the background. Only the newest job counts: starting one calls off
//! the one before, and what that still has to say is not listened to.

use std::sync::mpsc::Sender;
use std::thread::Scope;

use verdict::render::Style;

use crate::grading::{Request, grade, remember};
use crate::progress::{Progress, Step};
use crate::report::Report;
use crate::stop::Stop;
use crate::workspace::{Stage, Workspace};

/// What a job has to say.
#[derive(Debug)]
pub struct Message {
    job: usize,
    /// What it is.
    pub news: News,
}

/// What can be said about a grading.
#[derive(Debug)]
pub enum News {
    /// It goes on.
    Step(Step),
    /// It is over; why it will not be remembered, if it will not.
    Graded(Box<Report>, Option<String>),
    /// It could not be done, and why.
    Failed(String),
}

/// The jobs of a session.
pub struct Jobs<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    workspace: &'env Workspace,
    sender: Sender<Message>,
    newest: usize,
    stop: Stop,
}

impl<'scope, 'env> Jobs<'scope, 'env> {
    /// None yet.
    pub fn new(
        scope: &'scope Scope<'scope, 'env>,
        workspace: &'env Workspace,
        sender: Sender<Message>,
    ) -> Self {
        Self {
            scope,
            workspace,
            sender,
            newest: 0,
            stop: Stop::default(),
        }
    }

    /// Grades the stage, instead of what is being graded.
    pub fn start(&mut self, stage: &'env Stage, deep: bool) {
        self.stop.call();
        self.stop = Stop::default();
        self.newest += 1;
        let (job, stop, sender) = (self.newest, self.stop.clone(), self.sender.clone());
        let workspace = self.workspace;
        self.scope.spawn(move || {
            // At the end nobody listens any more.
            let tell = move |news| drop(sender.send(Message { job, news }));
            let steps = tell.clone();
            let mut progress = Progress::told_to(move |step| steps(News::Step(step)), stop.clone());
            let color = Style::for_stdout().color;
            let request = Request {
                deep,
                second_look: false,
                ..Request::of_learner(workspace, stage, color)
            };
            let green = match grade(&request, &mut progress) {
                _ if progress.is_called_off() => return,
                Ok(report) => {
                    let problem = remember(&request, &report);
                    let green = report.passed;
                    tell(News::Graded(Box::new(report), problem));
                    green
                }
                Err(error) => return tell(News::Failed(error.to_string())),
            };
            if green {
                // Nobody waits for it, and it is told only if it finds something.
                let mut quiet = Progress::told_to(|_| (), stop);
                let request = Request {
                    second_look: true,
                    ..request
                };
                if let Ok(report) = grade(&request, &mut quiet)
                    && !quiet.is_called_off()
                    && !report.passed
                {
                    let problem = remember(&request, &report);
                    tell(News::Graded(Box::new(report), problem));
                }
            }
        });
    }

    /// Whether it comes from the newest job.
    pub fn is_current(&self, message: &Message) -> bool {
        message.job == self.newest
    }
}

impl Drop for Jobs<'_, '_> {
    fn drop(&mut self) {
        self.stop.call();
    }
}
