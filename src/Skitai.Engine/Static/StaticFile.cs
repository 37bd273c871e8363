using Skitai.Posix;

namespace Skitai.Engine.Static;

/// <summary>What a request path leads to, with its precompressed siblings: all that an answer needs, made once.</summary>
internal sealed class StaticFile
{
    /// <summary>What an entry takes beside its content, roughly.</summary>
    private const int Overhead = 2048;

    private readonly byte[] _path, _brotliPath, _gzipPath;
    private readonly FileStatus _brotliSeen, _gzipSeen;

    /// <param name="paths">Absolute paths of the file and its would-be siblings, each ended by a NUL; the siblings' empty: not looked for.</param>
    /// <param name="brotliSeen">The .br sibling's state when it was looked for; default = not there.</param>
    /// <param name="gzipSeen">The .gz sibling's likewise.</param>
    public StaticFile((byte[] File, byte[] Brotli, byte[] Gzip) paths, FileStatus brotliSeen, FileStatus gzipSeen)
    {
        (_path, _brotliPath, _gzipPath) = paths;
        _brotliSeen = brotliSeen;
        _gzipSeen = gzipSeen;
    }

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

    /// <summary>Asked for since the cache last looked for something to drop.</summary>
    public bool Used { get; set; }

    /// <summary>The newest change (ctime) of any of its files.</summary>
    public long Changed => Math.Max(Plain.Status.Changed, Math.Max(_brotliSeen.Changed, _gzipSeen.Changed));

    /// <summary>
    /// Whether the same files are still there with the same content. A stat each: links and the root itself are walked
    /// afresh, so a link switched to another directory is seen as well.
    /// </summary>
    public bool IsCurrent() =>
        PosixFile.GetStatus(_path, out var now) == Errno.None && now == Plain.Status
        && Same(_brotliPath, _brotliSeen) && Same(_gzipPath, _gzipSeen);

    private static bool Same(byte[] path, in FileStatus seen)
    {
        if (path.Length == 0)
        {
            return true;
        }

        // Not there, not reachable: the status is the default either way.
        _ = PosixFile.GetStatus(path, out var now);
        return now == seen;
    }
}
