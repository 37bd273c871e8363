using System.Net;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>Makes the connections to a member's address, without connecting yet. Called again when settings that concern them change.</summary>
/// <param name="cluster">The cluster's settings.</param>
/// <param name="member">The member as the conf has it.</param>
/// <param name="address">Where it is.</param>
internal delegate MemberConnections ConnectMember(ClusterSettings cluster, ClusterMember member, IPEndPoint address);
