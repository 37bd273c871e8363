using System.IO.Enumeration;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>Reads one of the folders that objects' files are spread over.</summary>
internal static class ObjectFolder
{
    /// <summary>How many there are.</summary>
    public const int Count = 256;

    /// <summary>Where one is.</summary>
    /// <param name="directory">The tier's.</param>
    /// <param name="folder">Its number.</param>
    public static string PathOf(string directory, int folder) => Path.Combine(directory, folder.ToString("x2"));

    /// <summary>Lists the objects in one, and deletes what fills of other processes have left over.</summary>
    /// <param name="directory">The tier's.</param>
    /// <param name="folder">Its number.</param>
    /// <param name="isFirst">Whether no fill of this process is under way: what is left over of one with its number is another's.</param>
    /// <param name="found">Gets each object: its name, the length of its file, and when that was written.</param>
    public static void Scan(string directory, int folder, bool isFirst, Action<ObjectName, long, DateTime> found)
    {
        var own = $".{Environment.ProcessId}-";
        List<string> leftOver = [];
        try
        {
            var entries = new FileSystemEnumerable<(ObjectName Name, long Length, DateTime Written)>(
                PathOf(directory, folder),
                (ref FileSystemEntry entry) => ObjectName.TryParse(entry.FileName, out var name)
                    ? (name, entry.Length, entry.LastWriteTimeUtc.UtcDateTime)
                    : default,
                new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true })
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                {
                    if (entry.FileName.EndsWith(".tmp") && (isFirst || !entry.FileName.Contains(own, StringComparison.Ordinal)))
                    {
                        leftOver.Add(entry.ToFullPath());
                    }

                    return entry.FileName.Length == ObjectName.TextLength && !entry.IsDirectory;
                },
            };
            foreach (var (name, length, written) in entries)
            {
                if (name.Folder == folder && name != default)
                {
                    found(name, length, written);
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was kept in it yet.
        }

        leftOver.ForEach(one => DiskFiles.TryDelete(one));
    }
}
