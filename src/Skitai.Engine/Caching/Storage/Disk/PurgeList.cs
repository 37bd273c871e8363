using System.Globalization;
using System.Text;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// Prefixes of keys, and whole keys, that were purged and of which files may be left. Every file says which purge was the last when it was
/// begun; a later one whose prefix fits makes it void, from the moment of the purge on and after a restart, too. A purge is
/// retired when all files have been looked through.
/// </summary>
/// <param name="path">Where the list is kept. One line for each: its number, the prefix or key in base 64, and which of both it is.</param>
/// <param name="time">Numbers are milliseconds since 1970, or one more than the last: so they rise, whatever becomes of the list.</param>
internal sealed class PurgeList(string path, TimeProvider time)
{
    /// <summary>With more than this everything is purged instead.</summary>
    private const int Most = 1000;

    private const string PrefixMark = "end", KeyMark = "key";

    private readonly Lock _changing = new();
    private readonly Lock _saving = new();
    private Purge[] _purges = [];
    private long _last;

    /// <summary>The number of the last purge.</summary>
    public long Last => Volatile.Read(ref _last);

    /// <summary>Whether no file can have been purged.</summary>
    public bool IsEmpty => Volatile.Read(ref _purges).Length == 0;

    /// <summary>Whether a file's object was purged since it was begun.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="begun">The number in the file.</param>
    /// <param name="upTo">Later purges are not looked at.</param>
    public bool Covers(string key, long begun, long upTo = long.MaxValue)
    {
        foreach (var purge in Volatile.Read(ref _purges))
        {
            if (purge.Number > begun && purge.Number <= upTo && purge.Covers(key))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Adds one, in force at once; <see cref="Save"/> makes it last.</summary>
    /// <returns>Its number.</returns>
    public long Add(string prefix) => Add(prefix, isKey: false);

    /// <summary>The same for what is kept for one key.</summary>
    /// <returns>Its number.</returns>
    public long AddKey(string key) => Add(key, isKey: true);

    private long Add(string prefix, bool isKey)
    {
        lock (_changing)
        {
            var number = Math.Max(_last + 1, time.GetUtcNow().ToUnixTimeMilliseconds());
            var added = _purges.Length < Most ? new Purge(number, prefix, isKey) : new Purge(number, "", false);
            Volatile.Write(ref _purges, [.. _purges.Where(older => !added.Covers(older)), added]);
            Volatile.Write(ref _last, number);
            return number;
        }
    }

    /// <summary>All files have been looked through for those up to a number.</summary>
    public void Retire(long upTo)
    {
        lock (_changing)
        {
            Volatile.Write(ref _purges, [.. _purges.Where(purge => purge.Number > upTo)]);
        }
    }

    /// <summary>Reads the list that an earlier process left, before those of this one. A list that cannot be understood counts as a purge of everything.</summary>
    public void Load()
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return;
        }

        List<Purge> found = [];
        var last = 0L;
        foreach (var line in lines)
        {
            if (TryParse(line, out var purge))
            {
                found.Add(purge);
                last = Math.Max(last, purge.Number);
            }
            else
            {
                found.Clear();
                last = Math.Max(last, time.GetUtcNow().ToUnixTimeMilliseconds());
                found.Add(new Purge(last, "", false));
                break;
            }
        }

        lock (_changing)
        {
            if (_purges.Length > 0)
            {
                // Of this process, from before it owned the directory.
                last = Math.Max(last + 1, _last);
                found.RemoveAll(older => _purges.Any(purge => purge.Covers(older)));
                found.AddRange(_purges.Select(purge => purge with { Number = last }));
            }

            Volatile.Write(ref _purges, [.. found]);
            Volatile.Write(ref _last, Math.Max(_last, last));
        }
    }

    /// <summary>Writes the list, and waits until it is on the disk itself.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save()
    {
        lock (_saving)
        {
            var text = new StringBuilder();
            foreach (var purge in Volatile.Read(ref _purges))
            {
                text.Append(CultureInfo.InvariantCulture, $"{purge.Number} {Convert.ToBase64String(Encoding.UTF8.GetBytes(purge.Prefix))} {(purge.IsKey ? KeyMark : PrefixMark)}\n");
            }

            var fresh = path + ".new";
            using (var file = DiskFiles.Create(fresh, 0))
            {
                RandomAccess.Write(file, Encoding.ASCII.GetBytes(text.ToString()), 0);
                RandomAccess.FlushToDisk(file);
            }

            DiskFiles.Rename(fresh, path);
            DiskFiles.FlushDirectory(Path.GetDirectoryName(path)!);
        }
    }

    private static bool TryParse(string line, out Purge purge)
    {
        purge = default;
        var parts = line.Split(' ');
        var prefix = new byte[line.Length];
        if (parts.Length != 3 || parts[2] is not (KeyMark or PrefixMark) || !long.TryParse(parts[0], CultureInfo.InvariantCulture, out var number)
            || !Convert.TryFromBase64String(parts[1], prefix, out var length))
        {
            return false;
        }

        purge = new Purge(number, Encoding.UTF8.GetString(prefix, 0, length), parts[2] == KeyMark);
        return true;
    }

    private readonly record struct Purge(long Number, string Prefix, bool IsKey)
    {
        public bool Covers(string key) => IsKey ? key == Prefix : key.StartsWith(Prefix, StringComparison.Ordinal);

        public bool Covers(Purge other) => Covers(other.Prefix) && (other.IsKey || !IsKey);
    }
}
