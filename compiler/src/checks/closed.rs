//! Rules whose periods stay closed, that read what later returns change.

use crate::plan::{DecisionId, Expr, Node, Op, Plan, Reading, RecordId, RuleId, Stream, Version};
use meed_grammar::problem::Problem;
use rustc_hash::FxHashMap;

pub(super) fn closed(plan: &Plan, problems: &mut Vec<Problem>) {
    let is_taken_back = |record: &RecordId| plan.record(*record).returned(Reading::Left).is_some();
    if !plan.versions.iter().any(|version| version.as_it_stood)
        || !(0..plan.records.len()).any(|idx| is_taken_back(&RecordId(idx as u32)))
    {
        return;
    }
    let setters = setters(plan);
    let mut changing = Changing { plan, setters: &setters, known: FxHashMap::default() };
    for version in plan.versions.iter().filter(|version| version.as_it_stood) {
        let Some(read) = rules_read(plan, &setters, version).into_iter().find(|rule| changing.is_changing(*rule))
        else {
            continue;
        };
        let Some(other) = plan.rule(read).versions.first().map(|id| plan.version(*id)) else { continue };
        let (name, of) = (&plan.rule(version.rule).name, &plan.rule(read).name);
        let message =
            format!("a later return changes `{of}`, and with it what `{name}` made of a period that has ended");
        let roots: Vec<String> =
            changing.roots(read).into_iter().map(|rule| format!("`{}`", plan.rule(rule).name)).collect();
        let help =
            format!("say in rule {}: returns change nothing, or read the events themselves", roots.join(" and "));
        let problem = Problem::warning("closed-reads-open", version.span, message).label("its periods stay closed");
        problems.push(problem.other(other.span, "what it pays and decides is that of the run's day").help(help));
    }
}

/// The rules that take each decision.
fn setters(plan: &Plan) -> FxHashMap<DecisionId, RuleId> {
    let sets = |version: &Version| {
        let of = version.rule;
        let set = |node: &Node| if let Node::Set(decision, _) = node { Some((*decision, of)) } else { None };
        version.nodes.iter().filter_map(set).collect::<Vec<_>>()
    };
    plan.versions.iter().flat_map(sets).collect()
}

/// The other rules whose payments or decisions a version reads, in the order of their ids.
fn rules_read(plan: &Plan, setters: &FxHashMap<DecisionId, RuleId>, version: &Version) -> Vec<RuleId> {
    let mut rules: Vec<RuleId> = Vec::new();
    let of_stream = |stream: &Stream| if let Stream::Lines(rule, _) = stream { Some(*rule) } else { None };
    rules.extend(of_stream(&version.stream));
    rules.extend(version.folds.iter().filter_map(|fold| of_stream(&plan.matched(*fold).stream)));
    let searches = plan.searches_of(version);
    rules.extend(searches.iter().filter_map(|search| of_stream(&plan.search(*search).stream)));
    let mut look = |expr: &Expr| {
        if let Op::Decision { decision, .. } = &expr.op {
            rules.extend(setters.get(decision));
        }
    };
    version.nodes.iter().flat_map(Node::exprs).for_each(|expr| expr.walk(&mut look));
    version.folds.iter().flat_map(|fold| plan.exprs_of(*fold)).for_each(|expr| expr.walk(&mut look));
    searches.iter().flat_map(|search| plan.search(*search).exprs()).for_each(|expr| expr.walk(&mut look));
    rules.retain(|rule| *rule != version.rule);
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// Whether rules change as returns come.
struct Changing<'p> {
    plan: &'p Plan,
    setters: &'p FxHashMap<DecisionId, RuleId>,
    known: FxHashMap<RuleId, bool>,
}

impl Changing<'_> {
    /// Whether what a rule pays or decides is another after a later return.
    fn is_changing(&mut self, rule: RuleId) -> bool {
        if let Some(known) = self.known.get(&rule) {
            return *known;
        }
        self.known.insert(rule, false);
        let plan = self.plan;
        let is_changing = plan.rule(rule).versions.iter().any(|id| {
            let version = plan.version(*id);
            !version.as_it_stood && (self.reads_what_is_left(version) || self.reads_changing(version))
        });
        self.known.insert(rule, is_changing);
        is_changing
    }

    /// The rules, of those by which a rule changes, that read what returns change.
    fn roots(&mut self, rule: RuleId) -> Vec<RuleId> {
        let (mut seen, mut next, mut roots) = (vec![rule], vec![rule], Vec::new());
        while let Some(rule) = next.pop() {
            let plan = self.plan;
            let versions = plan.rule(rule).versions.iter().map(|id| plan.version(*id));
            let open: Vec<&Version> = versions.filter(|version| !version.as_it_stood).collect();
            if open.iter().any(|version| self.reads_what_is_left(version)) {
                roots.push(rule);
            }
            for read in open.iter().flat_map(|version| rules_read(plan, self.setters, version)) {
                if !seen.contains(&read) && self.is_changing(read) {
                    seen.push(read);
                    next.push(read);
                }
            }
        }
        roots.sort_unstable();
        roots
    }

    fn reads_what_is_left(&self, version: &Version) -> bool {
        let plan = self.plan;
        if version.reading == Reading::Reported {
            return false;
        }
        let is_taken_back = |record: RecordId| plan.record(record).returned(Reading::Left).is_some();
        let streams = std::iter::once(&version.stream)
            .chain(version.folds.iter().map(|fold| &plan.matched(*fold).stream))
            .cloned()
            .chain(plan.searches_of(version).into_iter().map(|search| plan.search(search).stream.clone()));
        streams.filter_map(|stream| stream.event()).any(is_taken_back)
    }

    fn reads_changing(&mut self, version: &Version) -> bool {
        rules_read(self.plan, self.setters, version).into_iter().any(|rule| self.is_changing(rule))
    }
}
