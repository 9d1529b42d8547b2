//! The draws behind the workload: who deals, how often, when and for how much.
//!
//! Partners differ widely in size, customers and products are skewed, amounts are log-normal and three in a hundred
//! deals are returns. The only floating point of the project is here: it shapes random data and never touches a payment.
//! One seed and one number of rows give the same deals on every run.
#![expect(clippy::float_arithmetic, reason = "distributions of random test data, not money that is paid")]

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp, Geometric, LogNormal, Poisson, weighted::WeightedAliasIndex};

use crate::{
    Result,
    program::{DAYS, FIRST_DAY},
};

const SEED: u64 = 20_260_101;
const N_PARTNERS: usize = 20_000;
const N_REPS: usize = 100_000;
const N_CUSTOMERS: u32 = 1_000_000;
const N_PRODUCTS: usize = 200;
const N_FAMILIES: i32 = 15;

/// How many regions partners are spread over.
pub const N_REGIONS: i32 = 12;

/// A company of the channel.
pub struct Partner {
    /// 0 silver, 1 gold, 2 platinum.
    pub tier: i32,
    /// One of [`N_REGIONS`].
    pub region: i32,
    /// Engineers with a certificate.
    pub certified_engineers: i32,
    /// Days since 1970.
    pub joined_on: i32,
}

/// A person employed by a partner.
pub struct Rep {
    /// The partner's number.
    pub employer: i32,
    /// Days since 1970.
    pub certified_until: i32,
}

/// One deal; its number is its place in the stream plus one.
pub struct Deal {
    /// Days since 1970.
    pub closed_on: i32,
    /// The partner's number.
    pub partner: i32,
    /// The number of a rep of that partner.
    pub rep: i32,
    /// The customer's number.
    pub customer: i32,
    /// The product's number.
    pub product: i32,
    /// A return, with a negative amount.
    pub returned: bool,
    /// The amount in cents.
    pub cents: i64,
    /// Registered before it closed.
    pub registered: bool,
    /// Units sold.
    pub quantity: i32,
}

/// The entities of the workload, and the stream of deals between them.
pub struct World {
    /// Partners by number.
    pub partners: Vec<Partner>,
    /// Reps by number.
    pub reps: Vec<Rep>,
    /// The family of each product, by the product's number.
    pub families: Vec<i32>,
    reps_of: Vec<Vec<i32>>,
    n_deals: u64,
    n_drawn: u64,
    draws: ChaCha8Rng,
    partner: WeightedAliasIndex<f64>,
    product: WeightedAliasIndex<f64>,
    lag: Exp<f64>,
    amount: LogNormal<f64>,
    further_units: Geometric,
}

impl World {
    /// Draws the entities; the deals follow one by one from [`World::deal`].
    pub fn new(n_deals: u64) -> Result<World> {
        let mut draws = ChaCha8Rng::seed_from_u64(SEED);
        let tiers = WeightedAliasIndex::new(vec![0.6, 0.3, 0.1])?;
        let engineers = Poisson::new(2.2)?;
        let partners = (0..N_PARTNERS)
            .map(|_| Partner {
                tier: whole(tiers.sample(&mut draws)),
                region: draws.random_range(0..N_REGIONS),
                certified_engineers: engineers.sample(&mut draws) as i32,
                joined_on: FIRST_DAY - draws.random_range(0..3000),
            })
            .collect();

        let mut weights: Vec<f64> = (0..N_PARTNERS).map(|rank| (rank as f64 + 10.0).powf(-0.8)).collect();
        weights.shuffle(&mut draws);
        let partner = WeightedAliasIndex::new(weights)?;

        // Every partner has a rep, the other reps work where the deals are.
        let mut employers: Vec<usize> = (0..N_PARTNERS).collect();
        employers.extend((N_PARTNERS..N_REPS).map(|_| partner.sample(&mut draws)));
        employers.shuffle(&mut draws);
        let mut reps_of = vec![Vec::new(); N_PARTNERS];
        for (rep, employer) in employers.iter().enumerate() {
            reps_of[*employer].push(whole(rep));
        }
        let reps = employers
            .into_iter()
            .map(|employer| Rep {
                employer: whole(employer),
                certified_until: FIRST_DAY + draws.random_range(-60..700),
            })
            .collect();

        let families = (0..N_PRODUCTS).map(|_| draws.random_range(0..N_FAMILIES)).collect();
        let product = WeightedAliasIndex::new((0..N_PRODUCTS).map(|rank| 1.0 / (rank as f64 + 3.0)).collect())?;
        Ok(World {
            partners,
            reps,
            families,
            reps_of,
            n_deals,
            n_drawn: 0,
            draws,
            partner,
            product,
            lag: Exp::new(1.0 / 25.0)?,
            amount: LogNormal::new(2500.0_f64.ln(), 1.6)?,
            further_units: Geometric::new(0.35)?,
        })
    }

    /// Draws the next deal; deals close around their place in the year, some much later.
    pub fn deal(&mut self) -> Deal {
        let draws = &mut self.draws;
        let progress = self.n_drawn as f64 * DAYS as f64 / self.n_deals as f64;
        self.n_drawn += 1;
        let day = (progress - 20.0 + self.lag.sample(draws)) as i32;
        let partner = self.partner.sample(draws);
        let staff = &self.reps_of[partner];
        let rep = staff[draws.random_range(0..staff.len())];
        // Half of the traffic is spread over all customers, half on a skewed tenth of them.
        let place: f64 = draws.random();
        let customer = if draws.random_bool(0.5) {
            place * f64::from(N_CUSTOMERS)
        } else {
            place * place * f64::from(N_CUSTOMERS / 10)
        };
        let product = self.product.sample(draws);
        let dollars = self.amount.sample(draws).clamp(10.0, 250_000.0);
        let cents = (dollars * 100.0).round_ties_even() as i64;
        let returned = draws.random_bool(0.03);
        Deal {
            closed_on: FIRST_DAY + day.rem_euclid(whole(DAYS)),
            partner: whole(partner),
            rep,
            customer: customer as i32,
            product: whole(product),
            returned,
            cents: if returned { -cents } else { cents },
            registered: draws.random_bool(0.35),
            quantity: 1 + whole(self.further_units.sample(draws).min(39) as usize + 1),
        }
    }
}

/// A small count as the type that columns hold.
fn whole(count: usize) -> i32 {
    i32::try_from(count).expect("counts of the workload are small")
}
