/** Every budget, in the order of the table. A new one needs its line in a file of this folder, or a new file here. */
import type { Budget } from '../budget.js'
import { linker } from './linker.js'
import { processes } from './processes.js'
import { releases } from './releases.js'
import { upgrades } from './upgrades.js'

/** All budgets. */
export const BUDGETS: readonly Budget[] = [...processes, ...linker, ...upgrades, ...releases]
