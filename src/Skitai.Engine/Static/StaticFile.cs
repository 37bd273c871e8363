using Skitai.Posix;

namespace Skitai.Engine.Static;

/// <summary>What a request path leads to, with its precompressed siblings: all that an answer needs, made once.</summary>
internal sealed class StaticFile
{
    /// <summary>What an entry takes beside its content, roughly.</summary>
    private const int Overhead = 2048;

    /// <summary>Absolute path of the file, ended by a NUL.</summary>
    public required byte[] Path { get; init; }

    /// <summary>Where the .br sibling was looked for, and what was there.</summary>
    public SeenFile BrotliSeen { get; init; }

    /// <summary>The .gz sibling likewise.</summary>
    public SeenFile GzipSeen { get; init; }

    /// <summary>Of a second-choice index file: where the first choice was looked for, and what was there instead.</summary>
    public SeenFile PreferredSeen { get; init; }

    /// <summary>The file as it is.</summary>
    public required Representation Plain { get; init; }

    /// <summary>Its usable .br sibling, if any.</summary>
    public required Representation? Brotli { get; init; }

    /// <summary>Its usable .gz sibling, if any.</summary>
    public required Representation? Gzip { get; init; }

    /// <summary>The media type of the file, whatever form is sent.</summary>
    public required string ContentType { get; init; }

    /// <summary>Whether the answer depends on Accept-Encoding.</summary>
    public bool Negotiated => Brotli is not null || Gzip is not null;

    /// <summary>The memory this takes.</summary>
    public int Cost => Overhead + (Plain.Content?.Length ?? 0) + (Brotli?.Content?.Length ?? 0) + (Gzip?.Content?.Length ?? 0);

    /// <summary>The newest change (ctime) of any of its files.</summary>
    public long Changed => Math.Max(Plain.Status.Changed, Math.Max(BrotliSeen.Status.Changed, GzipSeen.Status.Changed));

    /// <summary>
    /// Whether the same files are still there with the same content. A stat each: links and the root itself are walked
    /// afresh, so a link switched to another directory is seen as well.
    /// </summary>
    public bool IsCurrent() =>
        PosixFile.GetStatus(Path, out var now) == Errno.None && now == Plain.Status
        && BrotliSeen.IsCurrent() && GzipSeen.IsCurrent() && PreferredSeen.IsCurrent();
}
