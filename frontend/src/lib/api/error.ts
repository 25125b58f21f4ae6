import type { Problem } from './types';

/** The program could not be reached, or did not answer in time. */
export const unreachable = 'unreachable';

/** What every failed call rejects with: a code to branch on and a sentence to show. */
export class ApiError extends Error {
  readonly code: string;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.message, options);
    this.name = 'ApiError';
    this.code = problem.code;
  }
}

const inside = 'Something went wrong inside drop.stream. The log has the details.';

/** Reads a problem out of anything: an object, the JSON text of one, or something else altogether. */
export function parseProblem(raw: unknown): Problem | undefined {
  let value = raw;
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, message } = value as Record<string, unknown>;
  if (typeof code !== 'string' || typeof message !== 'string' || message === '') return undefined;
  return { code, message };
}

/** Makes an ApiError of whatever was thrown. What is not known is never shown, only kept as the cause. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const raw = thrown instanceof Error ? thrown.message : thrown;
  return new ApiError(parseProblem(raw) ?? { code: 'internal', message: inside }, { cause: thrown });
}

/** The sentence to show for anything that was thrown. */
export function sentence(thrown: unknown): string {
  return toApiError(thrown).message;
}
