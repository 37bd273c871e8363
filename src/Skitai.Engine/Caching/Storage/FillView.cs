using Skitai.Engine.Caching.Storage.Disk;

namespace Skitai.Engine.Caching.Storage;

/// <summary>What a reader finds at its place in an object that is being filled. All empty = the end.</summary>
/// <param name="Bytes">In memory.</param>
/// <param name="File">In this file.</param>
/// <param name="More">Nothing yet: ends when there is more, or the end.</param>
/// <param name="InFile">How many bytes are in the file.</param>
internal readonly record struct FillView(ReadOnlyMemory<byte> Bytes, ObjectFill? File, Task? More, long InFile);
