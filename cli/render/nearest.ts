/** "Did you mean" on the command line and in the build: the rule is that of the file formats. */
export { didYouMean, nearest } from '../../schemas/nearest.js'
