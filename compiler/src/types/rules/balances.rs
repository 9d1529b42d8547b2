//! Balances: what is declared, `add … to`, `take … from`, and what a balance comes to.

use crate::plan::{
    Account, Add, Balance, BalanceId, Expr, Function, Op, Period, RecordId, Root, Stream, TakeFrom, Type, UnitId,
};
use crate::typed::{Clause, Version, exprs_of_version};
use crate::types::Typing;
use crate::types::expressions::unbracketed;
use crate::types::later::{Later, later};
use crate::types::rules::Work;
use crate::types::scope::{Scope, Typed};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ClauseKind, ExprKind, UnknownMeans, WindowKind};

/// A lot lives for so many periods at most.
const LONGEST: u32 = 10_000;

impl Typing<'_> {
    /// The balances that are declared; one with a problem is left out, and what names it says nothing more.
    pub(in crate::types) fn balances(&mut self) {
        let resolved = self.resolved;
        for declared in &resolved.balances {
            let known = self.balance(declared);
            self.balances.insert(declared.name.text.clone(), known);
        }
    }

    fn balance(&mut self, declared: &tree::Balance) -> Option<BalanceId> {
        let per = self.kept_per(declared)?;
        let mut expires = None;
        if let Some(said) = &declared.expires {
            let period = self.period_of_plural(&said.period)?;
            let count = said.count.filter(|count| *count <= LONGEST);
            let (Some(count), true) = (count, period != Period::Program) else {
                let message = format!("a lot lives for a number of periods, at most {LONGEST}");
                let help = "write a whole number of quarters, months, weeks or days: expires after 2 quarters";
                self.problem(Problem::error("bad-balance", said.span, message).help(help));
                return None;
            };
            if let Some(negative) = declared.may_be_negative {
                let message = "what may be negative has no lots that could expire";
                self.problem(
                    Problem::error("bad-balance", said.span, message)
                        .other(negative, "it may be negative")
                        .help("remove one of the two"),
                );
                return None;
            }
            expires = Some((count, period));
        }
        let id = BalanceId(self.program.balances.len() as u32);
        self.program.balances.push(Balance {
            name: declared.name.text.clone(),
            per,
            unit: UnitId::CURRENCY,
            expires,
            may_be_negative: declared.may_be_negative.is_some(),
        });
        self.balance_units.push(None);
        Some(id)
    }

    /// Of whom a balance is kept: a record; `Some(None)` where the program has one.
    fn kept_per(&mut self, declared: &tree::Balance) -> Option<Option<RecordId>> {
        let first = match &declared.per[..] {
            [] => return Some(None),
            [path] if path.parts.len() == 1 => &path.parts[0],
            [path] => {
                let message = "a balance is kept per a party or an event, by its name";
                let help = "write the record: balance mdf per partner";
                self.problem(Problem::error("bad-balance", path.span, message).help(help));
                return None;
            }
            [_, second, ..] => {
                let message = "a balance has one owner";
                let help = "write the party or event it is kept per: balance mdf per partner";
                self.problem(Problem::error("bad-balance", second.span, message).help(help));
                return None;
            }
        };
        let Some(&record) = self.records.get(&first.text) else {
            if !self.damaged(&first.text) {
                let message = format!("there is no entity or event `{}` to keep a balance per", first.text);
                let problem = Problem::error("unknown-record", first.span, message);
                let problem = match self.referred_by(&first.text) {
                    Some(record) => {
                        let help =
                            format!("`{}` is a field that refers to a {record}: keep it per {record}", first.text);
                        problem.help(help).choice(first.span, record)
                    }
                    None => self.suggest(problem, first, || self.records.keys().map(String::as_str)),
                };
                self.problem(problem);
            }
            return None;
        };
        self.mark_used(record, &[]);
        Some(Some(record))
    }

    /// The record to which fields of a name refer.
    fn referred_by(&self, name: &str) -> Option<String> {
        let fields = self.program.records.iter().flat_map(|record| &record.fields);
        let of_name = fields.filter(|field| field.name == name).find_map(|field| match field.ty {
            Type::Ref(record) => Some(record),
            _ => None,
        });
        of_name.map(|record| self.program.record(record).name.clone())
    }

    /// A period by its word in the plural or the singular.
    fn period_of_plural(&mut self, word: &tree::Name) -> Option<Period> {
        let single = match word.text.as_str() {
            "halves" => "half",
            plural => plural.strip_suffix('s').unwrap_or(plural),
        };
        let Some(period) = Period::from_word(single).or_else(|| Period::from_word(&word.text)) else {
            let message = format!("`{}` is no period", word.text);
            self.problem(
                Problem::error("unknown-period", word.span, message)
                    .help("write days, weeks, months, quarters, halves or years"),
            );
            return None;
        };
        self.held(period, word.span)
    }

    /// The balance of this name.
    pub(in crate::types) fn balance_named(&mut self, name: &tree::Name) -> Option<BalanceId> {
        if let Some(known) = self.balances.get(&name.text) {
            return *known;
        }
        if !self.damaged(&name.text) {
            let problem = Problem::error("unknown-balance", name.span, format!("there is no balance `{}`", name.text));
            let problem = self.suggest(problem, name, || self.balances.keys().map(String::as_str));
            let bare = problem.help.is_none() && problem.repairs.is_empty();
            self.problem(if bare {
                problem.help(format!("declare it beside the rules: balance {} per partner", name.text))
            } else {
                problem
            });
        }
        None
    }

    /// A balance and whose it is, seen from the row of a rule.
    fn account_of(&mut self, account: &tree::Account, scope: &mut Scope) -> Option<Account> {
        let balance = self.balance_named(&account.balance)?;
        let Some(record) = self.program.balances[balance.index()].per else {
            if let Some(path) = &account.of {
                let message = format!("`{}` is kept for the program, and nobody has their own", account.balance.text);
                let help = format!("write `{}` alone, or declare it per a party", account.balance.text);
                self.problem(Problem::error("whose-balance", path.span, message).help(help));
                return None;
            }
            return Some(Account { balance, owner: None });
        };
        let name = self.program.record(record).name.clone();
        let path = match &account.of {
            Some(path) => path.clone(),
            None => self.own_party(record, &account.balance, scope)?,
        };
        let is_said = account.of.is_some();
        let owner = self.path(&path, scope)?;
        if owner.ty != Type::Ref(record) {
            let message =
                format!("`{}` is kept per {name}, not per {}", account.balance.text, self.type_words(owner.ty));
            let help = format!("name the {name} whose it is: {} of …", account.balance.text);
            self.problem(Problem::error("whose-balance", path.span, message).help(help));
            return None;
        }
        if owner.optional {
            self.unknown_above(&owner.into_expr(), "whose balance it is");
            return None;
        }
        // What is not written is told by no value.
        let span = if is_said { owner.span } else { Span::default() };
        Some(Account { balance, owner: Some(Box::new(Expr { span, ..owner.into_expr() })) })
    }

    /// How a rule calls the row that a balance is kept per, where it says nothing: its own row, the payee, or its one field of that kind.
    fn own_party(&mut self, record: RecordId, balance: &tree::Name, scope: &Scope) -> Option<tree::Path> {
        let named = |names: &[&str]| {
            let part = |name: &&str| tree::Name { text: (*name).to_owned(), span: balance.span };
            tree::Path { parts: names.iter().map(part).collect(), span: balance.span }
        };
        let own = |root: Root| scope.roots.iter().find(|(_, known, of)| *known == root && *of == record);
        if let Some((name, ..)) = own(Root::Row) {
            return Some(named(&[name]));
        }
        // Whose a payment is, its payee says.
        if let Some(kind) = scope.payment {
            if own(Root::Payee).is_some() && scope.payees.len() < 2 {
                return Some(named(&[kind.word(), "payee"]));
            }
            let (name, of) = (&balance.text, self.program.record(record).name.clone());
            let problem = Problem::error("whose-balance", balance.span, format!("whose `{name}` is it?"))
                .label(format!("it is kept per {of}, and other parties are paid too"))
                .help(format!("name the {of} by a path: {name} of deal.{of}"));
            self.problem(problem);
            return None;
        }
        let rows = scope.roots.iter().find(|(_, root, _)| *root == Root::Row);
        let fields: Vec<String> = match rows {
            Some((_, _, of)) => {
                let fields = &self.program.record(*of).fields;
                let of_kind =
                    fields.iter().filter(|field| field.ty == Type::Ref(record) && !field.source.is_made_by_returns());
                of_kind.map(|field| field.name.clone()).collect()
            }
            None => Vec::new(),
        };
        // A field that is called as the record is what the balance names.
        let called = fields.iter().find(|field| **field == self.program.record(record).name);
        if let Some(only) = called.or(if let [only] = &fields[..] { Some(only) } else { None }) {
            return Some(named(&[only]));
        }
        let (name, kind) = (&balance.text, self.program.record(record).name.clone());
        let problem = Problem::error("whose-balance", balance.span, format!("whose `{name}` is it?"));
        let end = Span { start: balance.span.end, end: balance.span.end };
        self.problem(if fields.is_empty() {
            problem
                .label(format!("it is kept per {kind}, and nothing here is one"))
                .help(format!("name the {kind} by a path: {name} of deal.{kind}"))
        } else {
            let problem = problem.label(format!("it is kept per {kind}, and a row names several"));
            let problem = problem.help(format!("write which one: {name} of {}", fields[0]));
            fields.iter().fold(problem, |problem, field| problem.choice(end, format!(" of {field}")))
        });
        None
    }

    /// An amount of a balance: money that is there, of its one unit, which the first amount decides.
    fn of_balance(&mut self, amount: &tree::Expr, account: &Account, scope: &mut Scope) -> Option<Expr> {
        let value = self.numeric(amount, scope)?;
        self.amount_of_money(&value, "what goes to a balance or from it", amount, scope)?;
        let is_zero = value.literal && matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        let unit = match (value.ty.unit().filter(|_| !is_zero), self.balance_units[account.balance.index()]) {
            (Some(unit), _) => unit,
            (None, known) => known.map_or(UnitId::CURRENCY, |(unit, _)| unit),
        };
        self.of_one_unit(Type::Money(unit), value.span, "a balance is")?;
        self.in_unit(account, unit, value.span)?;
        let value = value.of_type(Type::Money(unit)).into_expr();
        if value.optional {
            self.unknown_above(&value, "the amount");
            return None;
        }
        Some(value)
    }

    /// What must be known above the clause: it has no word for what is not.
    pub(super) fn unknown_above(&mut self, value: &Expr, what: &str) {
        let written = self.in_one_line(value.span);
        let help = if matches!(value.op, Op::Field { .. }) {
            format!("ask first, above: where {written} is known")
        } else {
            "ask `is known` above, or give a value with `if unknown …`".to_owned()
        };
        self.problem(
            Problem::error("unknown-not-handled", value.span, format!("{what} may be unknown"))
                .label(self.missing_words(value))
                .help(help),
        );
    }

    /// A balance is of one unit.
    fn in_unit(&mut self, account: &Account, unit: UnitId, span: Span) -> Option<()> {
        let known = &mut self.balance_units[account.balance.index()];
        let (first, place) = *known.get_or_insert((unit, span));
        if first == unit {
            self.program.balances[account.balance.index()].unit = unit;
            return Some(());
        }
        let code = |unit: UnitId| self.program.unit(unit).code.clone();
        let name = self.program.balances[account.balance.index()].name.clone();
        let message = format!("`{name}` is kept in {}, not in {}", code(first), code(unit));
        self.problem(
            Problem::error("currency-mismatch", span, message)
                .other(place, "the first amount of it")
                .help("keep a balance for each unit"),
        );
        None
    }

    /// `balance of B`
    pub(in crate::types) fn balance_of(
        &mut self,
        account: &tree::Account,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        self.in_rule("a balance is asked", account.span, scope)?;
        let account = self.account_of(account, scope)?;
        let unit = self.balance_units[account.balance.index()].map_or(UnitId::CURRENCY, |(unit, _)| unit);
        self.in_unit(&account, unit, span)?;
        Some(Typed::new(Op::Balance(account), Type::Money(unit), false, span))
    }

    /// What is asked of the rule's own row and of no other.
    fn in_rule(&mut self, what: &str, span: Span, scope: &Scope) -> Option<()> {
        if scope.rule.is_some() && !scope.in_set() {
            return Some(());
        }
        let message = format!("{what} by a rule, for its own row");
        self.problem(
            Problem::error("bad-take", span, message).help("write it in a `let` of the rule, and name that here"),
        );
        None
    }

    /// `take X from A and B`, where it is the whole of a `let`, a `set` or an amount that is paid; what was got.
    pub(super) fn take_from(&mut self, value: &tree::Expr, scope: &mut Scope, work: &mut Work) -> Option<Expr> {
        let ExprKind::TakeFrom { amount, accounts } = &unbracketed(value).kind else { return None };
        let mut found: Vec<Account> = Vec::new();
        for account in accounts {
            let known = self.account_of(account, scope)?;
            if found.iter().any(|other| other.balance == known.balance) {
                let message = format!("`{}` is named twice", account.balance.text);
                let help = "take from each balance once: what is got is taken from every one of them";
                self.problem(Problem::error("bad-take", account.span, message).help(help));
                return None;
            }
            found.push(known);
        }
        let mut asked = self.of_balance(amount, found.first()?, scope)?;
        for account in &found[1..] {
            self.in_unit(account, asked.ty.unit().unwrap_or(UnitId::CURRENCY), asked.span)?;
        }
        let ty = asked.ty;
        asked.span = amount.span;
        self.flush(scope, work);
        work.clauses.push(Clause::TakeFrom(TakeFrom { accounts: found, amount: asked, span: value.span }));
        let nth = work.clauses.iter().filter(|clause| matches!(clause, Clause::TakeFrom(_))).count() as u32 - 1;
        work.taken.get_or_insert(value.span);
        Some(Expr { op: Op::Taken(nth), ty, optional: false, span: value.span })
    }

    /// Something is taken inside of something larger.
    pub(in crate::types) fn take_inside(&mut self, span: Span) {
        let message = "what is taken from a balance has a name of its own";
        self.problem(
            Problem::error("bad-take", span, message)
                .label("inside of a larger value it is not clear whether it is taken")
                .help(format!("write above: let got = {}, and use `got`", self.in_one_line(span))),
        );
    }

    /// What is taken with a limit in it.
    fn bounded(&self, taken: Span, limit: Span) -> String {
        let (taken, limit) = (self.in_one_line(taken), self.in_one_line(limit));
        match taken.strip_prefix("take ").and_then(|rest| rest.rsplit_once(" from ")) {
            Some((amount, accounts)) => {
                let amount = amount.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(amount);
                format!("take ({amount} {limit}) from {accounts}")
            }
            None => format!("take (… {limit}) from …"),
        }
    }

    /// Nothing comes behind a take that could leave what was taken unpaid.
    pub(super) fn behind_a_take(&mut self, clause: &tree::Clause, work: &Work) {
        let Some(taken) = work.taken else { return };
        let word = match clause.kind {
            ClauseKind::Where { .. } | ClauseKind::FirstPer { .. } => "no condition",
            ClauseKind::AtMost { .. } | ClauseKind::AtMostPayments { .. } | ClauseKind::AtLeast { .. } => "no limit",
            _ => return,
        };
        let help = match &clause.kind {
            ClauseKind::AtMost { per, .. } if per.is_empty() => {
                format!("bound what is asked: {}", self.bounded(taken, clause.span))
            }
            ClauseKind::Where { .. } | ClauseKind::FirstPer { .. } => {
                "ask before you take: what is there is `balance of` it, in a `where` above".to_owned()
            }
            _ => "keep a second balance for it, and take from both: take cost from mdf and cap".to_owned(),
        };
        self.problem(
            Problem::error("bad-take", clause.span, format!("{word} comes behind a `take`"))
                .label("what was taken is paid")
                .other(taken, "taken here")
                .help(help),
        );
    }

    /// `add X to B [of P] [at start] [until D]`
    pub(super) fn add_to(&mut self, clause: &tree::Clause, scope: &mut Scope, work: &mut Work) {
        let ClauseKind::Add { amount, account, at_start, until } = &clause.kind else { return };
        let Some(account) = self.account_of(account, scope) else { return };
        let Some(amount) = self.of_balance(amount, &account, scope) else { return };
        let negative = self.program.balances[account.balance.index()].may_be_negative;
        let until = match until {
            Some(until) => {
                let Some(day) = self.expression(until, scope) else { return };
                if day.ty != Type::Date {
                    let message = format!("the last day of a lot is a date, not {}", self.type_words(day.ty));
                    let help = "write a day: until last day of year";
                    return self.problem(Problem::error("type-mismatch", day.span, message).help(help));
                }
                if negative {
                    let message = "what may be negative has no lots that could expire";
                    return self.problem(
                        Problem::error("bad-add", day.span, message).help("remove the `until`, or `may be negative`"),
                    );
                }
                if day.optional {
                    return self.unknown_above(&day.into_expr(), "the last day of a lot");
                }
                Some(day.into_expr())
            }
            None => None,
        };
        if let Some(at_start) = at_start
            && !matches!(scope.rule.as_ref().map(|rule| &rule.stream), Some(Stream::Periods(..)))
        {
            let message = "only a period has a start";
            let help = "remove `at start`: it is added on the day of the row";
            let blank = Span { start: account_end(&clause.kind, *at_start), end: at_start.end };
            return self.problem(Problem::error("bad-add", *at_start, message).help(help).choice(blank, ""));
        }
        self.flush(scope, work);
        work.clauses.push(Clause::Add(Add { account, amount, at_start: at_start.is_some(), until, span: clause.span }));
    }

    /// What a rule that adds at the start of its period reads is known then.
    pub(super) fn at_start(&mut self, rule: &tree::Rule, version: &mut Version) {
        let starts = |clause: &&tree::Clause| matches!(clause.kind, ClauseKind::Add { at_start: Some(_), .. });
        let Some(add) = rule.clauses.iter().find(starts) else { return };
        if let Stream::Periods(_, Period::OwnYear) = version.stream {
            return self.problem(later(add.span, Later::AtStartOfOwnYears));
        }
        let other = rule.clauses.iter().find(|clause| match &clause.kind {
            ClauseKind::Add { at_start, .. } => at_start.is_none(),
            ClauseKind::Let { value, .. } | ClauseKind::Set { value, .. } | ClauseKind::Pay { amount: value, .. } => {
                value.has(&|expr| matches!(expr.kind, ExprKind::TakeFrom { .. }))
            }
            _ => false,
        });
        if let Some(other) = other {
            let message = "a rule acts on balances at the start of its period, or at its end";
            return self.problem(
                Problem::error("bad-add", other.span, message)
                    .other(add.span, "at the start")
                    .help("make two rules of it"),
            );
        }
        let late = rule.clauses.iter().flat_map(exprs_of).find_map(late_set);
        let earlier: Vec<Span> = rule.clauses.iter().flat_map(exprs_of).flat_map(earlier_ones).collect();
        let searches: Vec<Stream> = self.program.searches.iter().map(|search| search.stream.clone()).collect();
        let decided = exprs_of_version(version).into_iter().find_map(|expr| {
            let mut found = None;
            expr.walk(&mut |expr| {
                let reads = match &expr.op {
                    Op::Decision { .. } => true,
                    Op::Call(Function::Find { search, .. }, _) => {
                        matches!(searches[search.index()], Stream::Periods(..) | Stream::Lines(..))
                    }
                    _ => false,
                };
                if reads && !earlier.contains(&expr.span) {
                    found = Some(expr.span);
                }
            });
            found
        });
        if let Some(span) = late.or(decided) {
            let message = "this is not known at the start of the period";
            self.problem(
                Problem::error("bad-add", span, message)
                    .label("it reads the period itself")
                    .other(add.span, "added on its first day")
                    .help("read an earlier one: sum of amount in (deal previous quarter)"),
            );
        }
    }

    /// Whether a version acts on balances, in the typed tree.
    pub(super) fn acts_on_balances(version: &mut Version) -> bool {
        let acts = version.clauses.iter().any(|clause| matches!(clause, Clause::Add(_) | Clause::TakeFrom(_)));
        acts || exprs_of_version(version).into_iter().any(|expr| {
            let mut asks = false;
            expr.walk(&mut |expr| asks |= matches!(expr.op, Op::Balance(_)));
            asks
        })
    }

    /// `let`, `set` and `pay` of what is taken: its value; none where nothing is taken.
    pub(super) fn is_take(value: &tree::Expr) -> bool {
        matches!(unbracketed(value).kind, ExprKind::TakeFrom { .. })
    }

    /// What is taken is gone from the balance, so that somebody must get it.
    pub(super) fn taken_for_nobody(&mut self, to: &Expr, taken: Span) {
        let message = "what is taken is paid to somebody who is known";
        let path = self.in_one_line(to.span);
        self.problem(
            Problem::error("bad-take", to.span, message)
                .label(self.missing_words(to))
                .other(taken, "taken here")
                .help(format!("ask first, above: where {path} is known")),
        );
    }

    /// What is taken is never unknown.
    pub(super) fn taken_is_known(&mut self, unknown: Option<&UnknownMeans>) {
        if let Some(unknown) = unknown {
            let message = "what is taken is always known";
            self.problem(Problem::error("unknown-means", unknown.span, message).help("remove this"));
        }
    }
}

/// Where the balance of an `add` ends.
fn account_end(kind: &ClauseKind, at_start: Span) -> u32 {
    if let ClauseKind::Add { account, .. } = kind { account.span.end } else { at_start.start }
}

fn exprs_of(clause: &tree::Clause) -> Vec<&tree::Expr> {
    match &clause.kind {
        ClauseKind::Where { condition, .. } => vec![condition],
        ClauseKind::Let { value, .. } | ClauseKind::Set { value, .. } => vec![value],
        ClauseKind::Pay { payee, amount, .. } => payee.iter().chain([amount]).collect(),
        ClauseKind::Add { amount, until, .. } => std::iter::once(amount).chain(until).collect(),
        ClauseKind::PaySplit { amount, .. }
        | ClauseKind::PayEach { amount, .. }
        | ClauseKind::TakeBack { amount, .. }
        | ClauseKind::AtMost { amount, .. }
        | ClauseKind::AtLeast { amount, .. } => vec![amount],
        _ => Vec::new(),
    }
}

/// What is read of earlier periods.
fn earlier_ones(expr: &tree::Expr) -> Vec<Span> {
    let own = matches!(expr.kind, ExprKind::Earlier { .. }) || is_early_set(expr);
    let inner = expr.children().into_iter().flat_map(earlier_ones);
    own.then_some(expr.span).into_iter().chain(inner).collect()
}

/// Whether it asks a set of an earlier period.
fn is_early_set(expr: &tree::Expr) -> bool {
    match &expr.kind {
        ExprKind::Aggregate { set: Some(set), .. } | ExprKind::OneRow { set, .. } | ExprKind::Set(set) => is_early(set),
        _ => false,
    }
}

fn is_early(set: &tree::Set) -> bool {
    let window = set.window.as_ref().map(|window| &window.kind);
    matches!(window, Some(WindowKind::Previous { .. } | WindowKind::SameLastYear(_)))
}

/// The place of a set, or of a dated field, that is of the period itself.
fn late_set(expr: &tree::Expr) -> Option<Span> {
    let own = match &expr.kind {
        ExprKind::Aggregate { set: Some(set), .. } | ExprKind::OneRow { set, .. } | ExprKind::Set(set) => {
            !is_early(set)
        }
        ExprKind::Aggregate { set: None, .. } => true,
        ExprKind::At { moment: tree::Moment::End | tree::Moment::Throughout, .. } => true,
        _ => false,
    };
    if own { Some(expr.span) } else { expr.children().into_iter().find_map(late_set) }
}
