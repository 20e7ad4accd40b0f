import { CompleteWriter } from "./completeWriter";
import type { ExportJob, ExportSource, Resume, SessionPage, Written } from "./job";
import { keepsEverything } from "./messageFilter";
import { RecordWriter } from "./recordWriter";
import { sessionNames } from "./sessionNames";

/** Writes the pages of one answer. */
interface PageWriter {
  /** Adds a page whose first `skip` messages are already written. */
  addPage(page: SessionPage, skip: number): void;
  /** Sets the names of the session whose pages follow. */
  setNames(names: readonly string[]): void;
  /** Records ids that belong to no session. */
  addUnknown(ids: readonly string[]): void;
  /** Whether the answer is complete, because it is large enough or the limit is reached. */
  isFull(): boolean;
  finish(): Written;
}

/**
 * Writes one answer of an export. Memory is bounded by the answer and one segment, however large
 * the export is. The same data gives the same bytes, except for formats that contain the time of
 * writing.
 */
export async function writeExport(
  job: ExportJob,
  source: ExportSource,
  resume: Resume | null,
): Promise<Written> {
  const writer = writerOf(job, resume?.sessions ?? 0);
  let position = resume?.position ?? null;
  let named: string | undefined;
  do {
    const page = await source.pages(position);
    for (const sessionPage of page.pieces) {
      const { externalId } = sessionPage.head;
      if (job.anonymity !== null && named !== externalId) {
        writer.setNames(await sessionNames(sessionPage, source.pagesOf));
        named = externalId;
      }
      // Another session is at the position if the one that was there was deleted or moved meanwhile.
      const isResumed = sessionPage.position === resume?.position;
      writer.addPage(sessionPage, isResumed ? resume.skip : 0);
      if (writer.isFull()) return writer.finish();
    }
    writer.addUnknown(page.unknown);
    position = page.next;
  } while (position !== null && !writer.isFull());
  return writer.finish();
}

/** A complete format copies what is stored, unless something must be left out or replaced. */
function writerOf(job: ExportJob, before: number): PageWriter {
  const { format, selection, anonymity } = job;
  const isCopied = anonymity === null && keepsEverything(selection);
  return isCopied && format.complete !== undefined
    ? new CompleteWriter(job, format.complete, before)
    : new RecordWriter(job, before);
}
