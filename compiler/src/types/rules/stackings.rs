//! `choose`: rules of which a row is paid by one, or by all up to an amount.

use crate::plan::{Expr, Function, Op, Period, Reading, RuleId, Stacking, StackingPolicy, Stream, Type};
use crate::typed::Clause;
use crate::types::Typing;
use crate::types::scope::{RuleScope, Scope};
use meed_grammar::problem::Problem;
use meed_grammar::tree::{Choose, ChoosePolicy, ClauseKind};
use rustc_hash::FxHashMap;

impl Typing<'_> {
    /// The choices of the program; one with a problem is left out, as is one of whose rules one is.
    pub(super) fn stackings(&mut self) {
        let resolved = self.resolved;
        for choose in &resolved.chooses {
            if let Some(stacking) = self.stacking(choose) {
                self.program.stackings.push(stacking);
            }
        }
    }

    fn stacking(&mut self, choose: &Choose) -> Option<Stacking> {
        let mut rules: Vec<RuleId> = Vec::new();
        for name in &choose.rules {
            let id = self.resolved.index.ids[&name.text];
            if !rules.contains(&id) {
                rules.push(id);
            }
        }
        let of = |id: &RuleId| &self.program.rules[id.index()].versions;
        if rules.iter().any(|id| of(id).is_empty()) {
            return None;
        }
        let versions: Vec<_> = rules.iter().flat_map(of).cloned().collect();
        let named =
            |name: &str| choose.rules.iter().find(|rule| rule.text == name).map_or(choose.span, |rule| rule.span);
        let first = &versions[0];
        for version in &versions {
            let place = named(&version.name);
            let problem = match version.pay() {
                None => {
                    let message = format!("rule `{}` pays nothing that could be chosen", version.name);
                    Some(Problem::error("bad-choose", place, message).help("move it out of the choice"))
                }
                Some(_) if version.clauses.iter().any(|clause| matches!(clause, Clause::Rank(_))) => {
                    let message = format!("rule `{}` is a contest, which is no choice for one row", version.name);
                    Some(Problem::error("bad-choose", place, message).help("move it out of the choice"))
                }
                Some(pay) if pay.is_chain() => {
                    let message = format!("rule `{}` pays several parties, each by itself", version.name);
                    let help = "move it out of the choice; a rule over its payments can pay up the chain";
                    Some(Problem::error("bad-choose", place, message).help(help))
                }
                Some(_) if Self::acts_on_balances(&mut version.clone()) => {
                    let message = format!("rule `{}` acts on a balance, also where it is not chosen", version.name);
                    Some(Problem::error("bad-choose", place, message).help("move it out of the choice"))
                }
                Some(_) if version.stream != first.stream => {
                    let message = format!("rule `{}` is for other rows than `{}`", version.name, first.name);
                    let problem =
                        Problem::error("bad-choose", place, message).other(named(&first.name), "the first rule");
                    Some(problem.help("a choice is between rules for the same rows"))
                }
                Some(pay) if Some(pay.unit) != first.pay().map(|pay| pay.unit) => {
                    let message = format!("rule `{}` pays in another unit than `{}`", version.name, first.name);
                    let problem =
                        Problem::error("bad-choose", place, message).other(named(&first.name), "the first rule");
                    Some(problem.help("amounts of several units cannot be compared"))
                }
                Some(_) => None,
            };
            if let Some(problem) = problem {
                self.problem(problem);
                return None;
            }
        }
        let stream = first.stream.clone();
        let unit = first.pay().map(|pay| pay.unit)?;
        self.is_per(choose, &stream)?;
        let policy = match &choose.policy {
            ChoosePolicy::Highest => StackingPolicy::Highest,
            ChoosePolicy::First => StackingPolicy::First,
            ChoosePolicy::AllUpTo(most) => {
                let mut scope = self.rows_of_choice(choose)?;
                let value = self.numeric(most, &mut scope)?;
                if value.ty != Type::Money(unit) {
                    let (wanted, found) = (self.type_words(Type::Money(unit)), self.type_words(value.ty));
                    let message = format!("what all rules pay together is {wanted} here, not {found}");
                    self.problem(Problem::error("bad-choose", most.span, message));
                    return None;
                }
                let mut value = value.into_expr();
                let reading = versions.first().map_or(Reading::Left, |version| version.reading);
                if reading != Reading::Left && versions.iter().all(|version| version.reading == reading) {
                    self.read_as(&mut value, reading, &mut FxHashMap::default());
                }
                if value.optional {
                    self.unknown_not_handled(&value, "this amount");
                    return None;
                }
                if !is_of_the_row(&value) {
                    let message = "what all rules pay together is not known from the row alone";
                    let help = "write an amount, a parameter or fields of the row";
                    self.problem(Problem::error("bad-choose", most.span, message).help(help));
                    return None;
                }
                StackingPolicy::AllUpTo(value)
            }
        };
        Some(Stacking { policy, rules })
    }

    /// The `per` of a choice names the rows of its rules.
    fn is_per(&mut self, choose: &Choose, stream: &Stream) -> Option<()> {
        let words: Vec<&str> = match stream {
            Stream::Events(record) | Stream::ByDate(record, _) => vec![&self.program.record(*record).name],
            Stream::Periods(record, period) => vec![&self.program.record(*record).name, period.word()],
            Stream::Lines(_, kind) => vec![kind.word()],
        };
        let said: Vec<&str> = choose.per.iter().map(|name| name.text.as_str()).collect();
        if said == words {
            return Some(());
        }
        let span = choose.per[0].span.to(choose.per[choose.per.len() - 1].span);
        let per = words.join(" per ");
        let message = format!("the rules of this choice run per {per}");
        let problem = Problem::error("bad-choose", span, message);
        self.problem(match stream {
            Stream::Periods(_, Period::OwnYear) => {
                problem.help("write the year as the rules do: per year from joined_on")
            }
            _ => problem.help(format!("write: per {per}")).sure(span, per),
        });
        None
    }

    /// What names mean in the head of a choice: the row of its rules.
    fn rows_of_choice(&mut self, choose: &Choose) -> Option<Scope> {
        let rules = &self.resolved.rules;
        let rule = rules.iter().find(|rule| rule.name.text == choose.rules[0].text)?;
        let for_each = rule
            .clauses
            .iter()
            .find(|clause| matches!(clause.kind, ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. }))?;
        let mut scope = Scope::constant();
        let stream = self.stream(rule, for_each, &mut scope)?;
        let rows = stream.rows();
        let by_date = rows != stream;
        scope.rule = Some(RuleScope { name: rule.name.text.clone(), stream: rows, by_date, matched: false });
        Some(scope)
    }
}

/// Whether a value needs nothing but the row: no rule is done before, no rows are looked through, and no texts are compared.
fn is_of_the_row(value: &Expr) -> bool {
    let mut is_of_it = true;
    value.walk(&mut |expr| {
        is_of_it &= match &expr.op {
            Op::Fold(_) | Op::Level { .. } | Op::Increment { .. } | Op::Decision { .. } | Op::Local(_) => false,
            Op::Call(Function::Find { .. } | Function::Lookup { .. } | Function::Text(_), _) => false,
            Op::Call(Function::Compare(_), operands) => operands.iter().all(|one| !matches!(one.ty, Type::Text(_))),
            _ => true,
        };
    });
    is_of_it
}
