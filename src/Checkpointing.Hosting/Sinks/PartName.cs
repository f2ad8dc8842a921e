using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Name of a part:
/// <c>&lt;lineage&gt;-&lt;job&gt;-&lt;epoch&gt;-&lt;attempt&gt;-&lt;subtask&gt;-&lt;unique&gt;.part</c>.</summary>
/// <param name="LineageId">Of the job and those resumed from it.</param>
/// <param name="JobTag">XxHash32 of the job's name: epochs of two jobs are not compared.</param>
/// <param name="Epoch">Of the maker.</param>
/// <param name="Attempt">Of the maker.</param>
internal readonly record struct PartName(Guid LineageId, uint JobTag, long Epoch, int Attempt)
{
    public const string Extension = ".part";

    public static PartName Of(SinkContext context) => new(
        context.LineageId, XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(context.Job.Name)), context.Epoch,
        context.Attempt);

    public static string New(SinkContext context)
    {
        var (lineage, job, epoch, attempt) = Of(context);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{lineage:N}-{job:x8}-{epoch}-{attempt}-{context.SubtaskIndex}-{context.Ids.NewGuid():N}{Extension}");
    }

    public static bool TryParse(string name, out PartName value)
    {
        value = default;
        if (name.Split('-') is not [var lineage, var job, var epoch, var attempt, _, _]
            || !Guid.TryParseExact(lineage, "N", out var lineageId)
            || !uint.TryParse(job, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var jobTag)
            || !long.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var epochNumber)
            || !int.TryParse(attempt, NumberStyles.None, CultureInfo.InvariantCulture, out var attemptNumber))
        {
            return false;
        }

        value = new(lineageId, jobTag, epochNumber, attemptNumber);
        return true;
    }

    /// <summary>Whether a part of this name can no longer be wanted by whoever made it, seen from a committer that has
    /// restored: it is of an earlier life of the same lineage. What a newer epoch of the job makes is never
    /// touched.</summary>
    public bool IsGivenUpBy(PartName committer) =>
        LineageId == committer.LineageId
        && (JobTag != committer.JobTag || (Epoch, Attempt).CompareTo((committer.Epoch, committer.Attempt)) < 0);
}
