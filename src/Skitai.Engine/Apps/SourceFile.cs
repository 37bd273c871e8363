namespace Skitai.Engine.Apps;

/// <summary>A source file as a worker has seen it when it loaded it.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Written">Its modification time (UTC); <see cref="Never"/> = it was missing.</param>
/// <param name="Size">Its bytes; -1 = it was missing.</param>
internal readonly record struct SourceFile(string Path, DateTime Written, long Size)
{
    /// <summary>When a file that is missing was written.</summary>
    public static DateTime Never => DateTime.UnixEpoch;
}
