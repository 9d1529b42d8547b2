//! Which proposed repairs are offered: those that, made, leave a program with fewer errors.
//!
//! Comes in: a text and the problems that compiling it gave. Goes out: the same problems with the repairs that hold what
//! they promise, and for `meed check --fix` the text with the sure ones made. Each repair is tried by compiling the text with
//! it, so this is done for problems that are shown, not in every compilation.

use crate::compile::examine;
use crate::internal::guarded;
use meed_grammar::TokenKind;
use meed_grammar::problem::{Problem, Repair};
use meed_grammar::span::Span;

/// As many repairs are tried; people read no more.
const TRIED: usize = 60;

/// Bytes of text that are compiled for repairs of one check, so that trying takes no longer for a long text than for a
/// short one: about a second.
const BYTES_TRIED: usize = 1 << 20;

/// Rounds of `fixed`: a repair can show a mistake that stood behind it.
const ROUNDS: usize = 20;

/// Bytes of text that are compiled by one `fixed`: what is left over is for another call.
const BYTES_FIXED: usize = 8 * BYTES_TRIED;

/// As many sure repairs one behind the other are tried, where the first shows a mistake that stood behind it.
const STEPS: usize = 6;

/// The problems, with those repairs that are worth offering: applied, the program has fewer errors, or no more errors and
/// fewer warnings. Of a sure one also where the mistakes that stood hidden behind it have sure repairs themselves, with which
/// it has fewer. A value that may be unknown is no reason against a repair: it was there before and could not be asked
/// about. What was not tried, beyond some dozens, is not offered.
///
/// What could not be read is repaired first: where a text stands for which another was put, what it means is a guess. No
/// repair touches a comment.
///
/// ```
/// let program = "program p { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }\n\
///     use channel\n\
///     rule r { for each deal  pay partner 0.02 of amount }";
/// let problems = meed_compiler::compile(program, &[]).problems;
/// let problems = meed_compiler::repairs(program, &[], problems);
/// assert_eq!(problems[0].repairs[0].title, "write `2%`");
/// ```
pub fn repairs(source: &str, overrides: &[(String, String)], problems: Vec<Problem>) -> Vec<Problem> {
    // Most programs have nothing to repair, and need not be compiled once more to see that.
    if problems.iter().all(|problem| problem.repairs.is_empty()) {
        return problems;
    }
    match State::of(source, overrides) {
        Some(before) => tried(source, overrides, problems, before, &mut { BYTES_TRIED }, |_| true),
        None => problems.into_iter().map(|problem| Problem { repairs: Vec::new(), ..problem }).collect(),
    }
}

/// The problems with those of the wanted repairs that are worth offering; `before` is what the text has, `bytes` how much
/// text may be compiled for it.
fn tried(
    source: &str,
    overrides: &[(String, String)],
    mut problems: Vec<Problem>,
    before: State,
    bytes: &mut usize,
    wanted: impl Fn(&Repair) -> bool,
) -> Vec<Problem> {
    let most = TRIED.min(*bytes / source.len().max(1));
    let mut trial = Trial { overrides, before, left: most };
    let unread: Vec<Problem> = meed_grammar::parse(source).problems;
    let tokens = meed_grammar::tokens(source).into_iter();
    let comments: Vec<Span> = tokens.filter(|token| token.kind == TokenKind::Comment).map(|token| token.span).collect();
    for problem in &mut problems {
        let own = (problem.code, problem.primary.0);
        let is_free = |repair: &Repair| {
            let others = unread.iter().filter(|other| (other.code, other.primary.0) != own);
            !others.flat_map(places).any(|place| repair.edits.iter().any(|edit| crosses(edit.span, place)))
        };
        problem.repairs.retain(|repair| {
            is_free(repair) && wanted(repair) && keeps_comments(repair, &comments) && trial.helps(source, repair)
        });
    }
    *bytes = bytes.saturating_sub((most - trial.left) * source.len());
    problems
}

/// What repairs are tried against.
struct Trial<'a> {
    overrides: &'a [(String, String)],
    before: State,
    /// How many more texts are compiled.
    left: usize,
}

impl Trial<'_> {
    fn helps(&mut self, source: &str, repair: &Repair) -> bool {
        if !is_whole(repair, source) {
            return false;
        }
        let mut text = repair.applied(source);
        for _ in 0..STEPS {
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            let Some(after) = State::of(&text, self.overrides) else { return false };
            if after.doubts < self.before.doubts {
                return true;
            }
            // What was hidden behind the mistake may have a sure repair itself.
            let next = after.problems.iter().filter(|problem| !self.before.has(problem));
            let next = next.flat_map(|problem| &problem.repairs).find(|next| next.sure && is_whole(next, &text));
            let Some(next) = next.filter(|_| repair.sure) else { return false };
            text = next.applied(&text);
        }
        false
    }
}

/// A text with all sure repairs made, and what they were, in the order in which they were made.
pub struct Fixed {
    /// The text.
    pub text: String,
    /// What was done: the line where it was done, as the text was then, and the title of the repair.
    pub done: Vec<(usize, String)>,
}

/// Makes the sure repairs of a text, round by round until none is left. Of two that overlap the second waits for the next
/// round. The text is the one that came in where nothing is sure.
pub fn fixed(source: &str, overrides: &[(String, String)]) -> Fixed {
    let mut fixed = Fixed { text: source.to_owned(), done: Vec::new() };
    let mut bytes = BYTES_FIXED;
    for _ in 0..ROUNDS {
        let Some((text, done)) = round(&fixed.text, overrides, &mut bytes) else { break };
        fixed.text = text;
        fixed.done.extend(done);
    }
    // Where the last step of several was not made the first ones have led nowhere.
    let states = [source, &fixed.text].map(|text| State::of(text, overrides));
    match states {
        [Some(before), Some(after)] if after.doubts < before.doubts => fixed,
        _ => Fixed { text: source.to_owned(), done: Vec::new() },
    }
}

/// One round of repairs; `None` if there is none to make.
fn round(source: &str, overrides: &[(String, String)], bytes: &mut usize) -> Option<(String, Vec<(usize, String)>)> {
    let state = State::of(source, overrides)?;
    let (problems, before) = (state.problems.clone(), state.doubts);
    let problems = tried(source, overrides, problems, state, bytes, |repair| repair.sure);
    let mut chosen: Vec<&Repair> = Vec::new();
    for repair in problems.iter().filter_map(|problem| problem.repairs.iter().find(|repair| repair.sure)) {
        if !chosen.iter().any(|other| overlap(other, repair)) {
            chosen.push(repair);
        }
    }
    let together = |chosen: &[&Repair]| {
        let all = chosen.iter().flat_map(|repair| repair.edits.clone()).collect();
        Repair { title: String::new(), edits: all, sure: true }.applied(source)
    };
    let mut text = together(&chosen);
    // Each is right alone; should they disturb one another, the first goes alone.
    if chosen.len() > 1 && State::of(&text, overrides).is_none_or(|after| after.doubts >= before) {
        chosen.truncate(1);
        text = together(&chosen);
    }
    let line = |repair: &Repair| {
        let start = repair.edits.iter().map(|edit| edit.span.start as usize).min().unwrap_or(0);
        source[..start].matches('\n').count() + 1
    };
    let done: Vec<(usize, String)> = chosen.iter().map(|repair| (line(repair), repair.title.clone())).collect();
    (!done.is_empty()).then_some((text, done))
}

/// Whether two repairs touch the same place, so that the one changes what the other was made for.
fn overlap(one: &Repair, other: &Repair) -> bool {
    one.edits.iter().any(|a| other.edits.iter().any(|b| a.span.start <= b.span.end && b.span.start <= a.span.end))
}

/// The places of a problem: its own, and those of its edits.
fn places(problem: &Problem) -> impl Iterator<Item = Span> {
    let edits = problem.repairs.iter().flat_map(|repair| &repair.edits).map(|edit| edit.span);
    std::iter::once(problem.primary.0).chain(edits).filter(|span| !span.is_empty())
}

/// Whether two places have a part in common.
fn crosses(one: Span, other: Span) -> bool {
    one.start < other.end && other.start < one.end
}

/// Whether a repair leaves comments as they are: it neither replaces one nor adds to one.
fn keeps_comments(repair: &Repair, comments: &[Span]) -> bool {
    repair.edits.iter().all(|edit| {
        !comments.iter().any(|comment| {
            crosses(*comment, edit.span)
                || (comment.start < edit.span.start
                    && edit.span.start <= comment.end
                    && !edit.replacement.starts_with('\n'))
        })
    })
}

/// Whether a repair changes something, and no place of it twice.
fn is_whole(repair: &Repair, source: &str) -> bool {
    let mut spans: Vec<_> = repair.edits.iter().map(|edit| edit.span).collect();
    spans.sort_unstable();
    let apart = spans.windows(2).all(|pair| pair[0].end <= pair[1].start);
    let within = |at: u32| source.is_char_boundary(at as usize);
    !spans.is_empty() && apart && spans.iter().all(|span| within(span.start) && within(span.end))
}

/// A text's problems, and how many they are.
struct State {
    problems: Vec<Problem>,
    doubts: Doubts,
}

impl State {
    /// `None` where Meed itself fails, which no repair is to blame or to praise for.
    fn of(source: &str, overrides: &[(String, String)]) -> Option<Self> {
        let compiled = guarded(|| examine(source, None, overrides)).ok()?;
        let problems = compiled.problems;
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        let unknown = problems.iter().filter(|problem| problem.code == "unknown-not-handled").count();
        let doubts = Doubts { errors: errors - unknown, unknown, warnings: problems.len() - errors };
        Some(Self { problems, doubts })
    }

    fn has(&self, problem: &Problem) -> bool {
        self.problems.iter().any(|known| known.code == problem.code && known.message == problem.message)
    }
}

/// How much is wrong with a program; fewer errors are better than fewer warnings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Doubts {
    /// All errors, but for values that may be unknown.
    errors: usize,
    /// Values that may be unknown.
    unknown: usize,
    warnings: usize,
}
