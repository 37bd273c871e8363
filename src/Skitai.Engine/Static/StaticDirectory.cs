using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Win32.SafeHandles;
using Skitai.Posix;

namespace Skitai.Engine.Static;

/// <summary>
/// The directory of a static mount: finds what a path names in it, and never anything else. The directory's own name is
/// walked afresh each time, so it may be a link that a deployment switches.
/// </summary>
/// <param name="directory">Absolute path.</param>
/// <param name="time">The clock.</param>
internal sealed class StaticDirectory(string directory, TimeProvider time)
{
    /// <summary>Up to here a file's content is kept in memory.</summary>
    public const int SmallFile = 64 * 1024;

    /// <summary>Linux's bound on a path, the NUL included.</summary>
    private const int LongestPath = 4096;

    /// <summary>A file that changes under our eyes is read again this often.</summary>
    private const int Tries = 3;

    private readonly byte[] _root = Encoding.UTF8.GetBytes(directory.TrimEnd('/') + "/\0");

    private static ReadOnlySpan<byte> IndexHtml => "index.html\0"u8;

    private static ReadOnlySpan<byte> IndexHtm => "index.htm\0"u8;

    /// <summary>Finds a file.</summary>
    /// <param name="rest">The request's path behind the mount's prefix.</param>
    public Lookup Find(ReadOnlySpan<char> rest)
    {
        var prefix = _root.Length - 1;
        var room = prefix + rest.Length + StaticPath.Spare;
        if (room > LongestPath)
        {
            return Lookup.Nothing(StaticMiss.TooLong);
        }

        Span<byte> path = stackalloc byte[room];
        _root.CopyTo(path);
        if (StaticPath.Translate(rest, path[prefix..^StaticPath.Spare], out var length) is not StaticMiss.None and var miss)
        {
            return Lookup.Nothing(miss);
        }

        var end = prefix + length;
        path[end] = 0;
        if (rest.EndsWith('/'))
        {
            return FindIndex(path, end);
        }

        var error = PosixFile.GetStatus(path, out var status);
        if (error != Errno.None)
        {
            return Failure(error);
        }

        if (status.Kind == FileKind.Regular)
        {
            return Load(path[..(end + 1)], default);
        }

        if (status.Kind != FileKind.Directory)
        {
            return Lookup.Nothing(StaticMiss.NotAFile);
        }

        if (length > 0)
        {
            path[end++] = (byte)'/';
        }

        var index = FindIndex(path, end);
        return index.Kind == LookupKind.File ? new Lookup(LookupKind.Redirect) : index;
    }

    /// <summary>Opens one form of a file to send it.</summary>
    /// <param name="form">The form.</param>
    /// <param name="handle">The open file.</param>
    /// <param name="unchanged">Whether it still is the file that the form's headers speak of.</param>
    public Lookup Open(Representation form, out SafeFileHandle? handle, out bool unchanged)
    {
        var error = OpenRegular(form.Name, out handle, out var status);
        unchanged = error == Errno.None && status == form.Status;
        return error == Errno.None ? new Lookup(LookupKind.File) : Failure(error);
    }

    private Lookup FindIndex(Span<byte> path, int end)
    {
        IndexHtml.CopyTo(path[end..]);
        var preferred = path[..(end + IndexHtml.Length)];
        _ = PosixFile.GetStatus(preferred, out var first);
        if (first.Kind == FileKind.Regular)
        {
            return Load(preferred, default);
        }

        IndexHtm.CopyTo(path[end..]);
        var error = PosixFile.GetStatus(path, out var second);
        if (error is not (Errno.None or Errno.NoEntry))
        {
            return Failure(error);
        }

        if (second.Kind != FileKind.Regular) // as it is, too, where there is nothing
        {
            return Lookup.Nothing(StaticMiss.NoIndex);
        }

        byte[] better = [.. path[..end], .. IndexHtml];
        return Load(path[..(end + IndexHtm.Length)], new SeenFile(better, first));
    }

    /// <param name="path">The absolute path, ended by a NUL.</param>
    /// <param name="preferred">What was where a better choice might have been.</param>
    private Lookup Load(ReadOnlySpan<byte> path, SeenFile preferred)
    {
        var name = path[(_root.Length - 1)..];
        var bare = path[..^1];
        var compressed = bare.EndsWith(".br"u8) || bare.EndsWith(".gz"u8);
        byte[] brotliPath = compressed ? [] : [.. bare, .. ".br\0"u8];
        byte[] gzipPath = compressed ? [] : [.. bare, .. ".gz\0"u8];
        for (var i = 1; ; i++)
        {
            var last = i == Tries;
            var error = Read(name.ToArray(), ContentCoding.Identity, out var plain, out var steady);
            if (plain is null)
            {
                return Failure(error);
            }

            var brotli = ReadSibling(brotliPath, ContentCoding.Brotli, plain, ref steady, out var brotliSeen);
            var gzip = ReadSibling(gzipPath, ContentCoding.Gzip, plain, ref steady, out var gzipSeen);
            if (steady || last)
            {
                var file = new StaticFile
                {
                    Path = path.ToArray(),
                    BrotliSeen = new SeenFile(brotliPath, brotliSeen),
                    GzipSeen = new SeenFile(gzipPath, gzipSeen),
                    PreferredSeen = preferred,
                    Plain = plain,
                    Brotli = brotli,
                    Gzip = gzip,
                    ContentType = MimeTypes.Of(name[..^1]),
                };
                return new Lookup(LookupKind.File, file);
            }
        }
    }

    /// <summary>A sibling that is missing, older than the file or not to be had counts as not there.</summary>
    private Representation? ReadSibling(byte[] path, ContentCoding coding, Representation plain, ref bool steady, out FileStatus seen)
    {
        seen = default;
        if (path.Length == 0
            || PosixFile.GetStatus(path, out seen) != Errno.None
            || seen.Kind != FileKind.Regular
            || seen.Modified < plain.Status.Modified)
        {
            return null;
        }

        _ = Read(path[(_root.Length - 1)..], coding, out var sibling, out var unchanged);
        steady &= unchanged && (sibling is null || sibling.Status == seen);
        return sibling;
    }

    private int Read(byte[] name, ContentCoding coding, out Representation? form, out bool steady)
    {
        form = null;
        steady = true;
        var error = OpenRegular(name, out var handle, out var status);
        if (error != Errno.None)
        {
            return error;
        }

        using (handle)
        {
            byte[]? content = null;
            if (status.Size <= SmallFile)
            {
                content = ReadAll(handle!, (int)status.Size);
                if (content is null)
                {
                    return Errno.InputOutput;
                }

                steady = PosixFile.GetStatus(handle!, out var after) == Errno.None && after == status;
            }

            var modified = status.ModifiedSecond;
            form = new Representation
            {
                Name = name,
                Status = status,
                Content = content,
                Length = content?.Length ?? status.Size,
                EntityTag = content is null ? TagOf(status) : TagOf(content, coding),
                LastModified = modified,
                LastModifiedText = modified.ToString("r", CultureInfo.InvariantCulture),
                ContentEncoding = coding switch
                {
                    ContentCoding.Brotli => "br",
                    ContentCoding.Gzip => "gzip",
                    _ => StringValues.Empty,
                },
            };
            return Errno.None;
        }
    }

    private static byte[]? ReadAll(SafeFileHandle handle, int size)
    {
        var content = GC.AllocateUninitializedArray<byte>(size);
        var filled = 0;
        try
        {
            while (filled < size)
            {
                var read = RandomAccess.Read(handle, content.AsSpan(filled), filled);
                if (read == 0)
                {
                    return content[..filled];
                }

                filled += read;
            }
        }
        catch (IOException)
        {
            return null;
        }

        return content;
    }

    private int OpenRegular(ReadOnlySpan<byte> name, out SafeFileHandle? handle, out FileStatus status)
    {
        status = default;
        var error = PosixFile.OpenBeneath(_root, name, out handle);
        if (error == Errno.None && handle is not null)
        {
            error = PosixFile.GetStatus(handle, out status);
            if (error == Errno.None && status.Kind == FileKind.Regular)
            {
                return Errno.None;
            }

            handle.Dispose();
            handle = null;
            error = error == Errno.None ? Errno.NoEntry : error;
        }

        return error;
    }

    /// <summary>
    /// A small file's tag is made of its content: the same on every machine that serves it, and true even where build
    /// tools set all times alike.
    /// </summary>
    private static string TagOf(byte[] content, ContentCoding coding)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        var ending = coding switch
        {
            ContentCoding.Brotli => "-br",
            ContentCoding.Gzip => "-gz",
            _ => "",
        };
        return $"\"{Convert.ToHexStringLower(hash[..12])}{ending}\"";
    }

    /// <summary>A big file's tag is made of its state; weak for a second after a change, which may not be the last (RFC 9110 section 8.8.1).</summary>
    private string TagOf(in FileStatus status)
    {
        var weak = time.GetUtcNow() - DateTimeOffset.UnixEpoch < TimeSpan.FromSeconds(1) + TimeSpan.FromTicks(status.Changed / 100);
        return $"{(weak ? "W/" : "")}\"{status.Modified:x}-{status.Size:x}-{status.Inode:x}\"";
    }

    private static Lookup Failure(int error) => error switch
    {
        Errno.NoEntry or Errno.NotDirectory => Lookup.Nothing(StaticMiss.NoFile),
        Errno.NameTooLong => Lookup.Nothing(StaticMiss.TooLong),
        Errno.Loop => Lookup.Nothing(StaticMiss.LinkLoop),
        Errno.CrossDevice => Lookup.Nothing(StaticMiss.LeadsOut),
        Errno.Access or Errno.NotPermitted => new Lookup(LookupKind.Forbidden, null, error),
        Errno.FilesInProcess or Errno.FilesInSystem or Errno.NoMemory => new Lookup(LookupKind.Busy, null, error),
        _ => new Lookup(LookupKind.Failed, null, error),
    };
}
