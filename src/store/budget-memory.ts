import {
  type Admission,
  applyAdmission,
  applyReport,
  type BudgetRules,
  type BudgetState,
  type BudgetStore,
  type CallReport,
  type CountedCall,
  decideAdmission,
  emptyBudget,
} from "./budget.js";

/** The budget of one process: for simulation, and for a machine without Redis. */
export class MemoryBudgetStore implements BudgetStore {
  readonly #rules: BudgetRules;
  #state: BudgetState = emptyBudget;

  constructor(rules: BudgetRules) {
    this.#rules = rules;
  }

  async admit(permitId: string, call: CountedCall, now: number): Promise<Admission> {
    const admission = decideAdmission(this.#state, call, now, this.#rules);
    if (admission.admitted) this.#state = applyAdmission(this.#state, permitId, call, now, this.#rules);
    return admission;
  }

  async settle(permitId: string, call: CountedCall, report: CallReport, now: number): Promise<void> {
    this.#state = applyReport(this.#state, permitId, call, report, now, this.#rules);
  }

  async read(): Promise<BudgetState> {
    return this.#state;
  }
}
