using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>An answer that turned out too large to be kept while it came.</summary>
/// <param name="Answer">To be read on, and to be disposed of.</param>
/// <param name="First">What was read last, and was not kept.</param>
internal sealed record RestOfAnswer(MemberAnswer Answer, ReadOnlyMemory<byte> First);
